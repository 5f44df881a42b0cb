import { Empty } from "@/parts/Empty";
import { Panel } from "@/parts/Panel";

export function NoSpend() {
  return (
    <Panel>
      <Empty title="Nothing was asked for in this span of time.">
        <p>
          Choose a longer one above. <code>tollhouse demo seed</code> fills in thirty days of traffic to look
          at, which is tagged <code>demo</code> and can be cleared again.
        </p>
      </Empty>
    </Panel>
  );
}
