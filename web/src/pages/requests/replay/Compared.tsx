import type { RequestView } from "@/api/schema";
import { Diff } from "@/diff/Diff";
import { Empty } from "@/parts/Empty";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { isHidden, Reveal } from "../detail/Reveal";
import { answerIn } from "../detail/talk";
import { useRequest } from "../detail/useRequest";
import { BothFacts } from "./BothFacts";

interface Props {
  before: RequestView;
  /** The id of what it is compared with. */
  id: string;
  /** What was just heard, which may not be kept; null where nothing was. */
  heard: string | null;
}

/** Two requests beside one another: what they cost and took, and where their answers differ. */
export function Compared({ before, id, heard }: Props) {
  const query = useRequest(id, { isNew: true });
  return (
    <Loaded of={query}>
      {(after) => {
        const hidden = [before, after].find(isHidden);
        const [then, now] = [before.payload?.response ?? null, after.payload?.response ?? heard];
        return (
          <>
            <BothFacts before={before} after={after} />
            <Panel title="Answers">
              {hidden !== undefined && heard === null ? (
                <Reveal request={hidden} />
              ) : then === null || now === null ? (
                <Empty title="What one of them answered is not kept, so they cannot be compared." />
              ) : (
                <Diff
                  before={{ name: "the logged answer", text: answerIn(then) }}
                  after={{ name: "the replay", text: answerIn(now) }}
                />
              )}
            </Panel>
          </>
        );
      }}
    </Loaded>
  );
}
