import { Button } from "@/parts/Button";
import { Code } from "@/parts/Code";
import { Empty } from "@/parts/Empty";
import { exampleCall } from "./exampleCall";
import { LookedTo } from "./LookedTo";

interface Props {
  isFiltered: boolean;
  /** How far back it was looked, when that is not all of the span. */
  lookedTo: string | null;
  clear: () => void;
}

/** An empty log: because of the filters, or because nobody has asked for anything yet, and then how one does. */
export function NoRequests({ isFiltered, lookedTo, clear }: Props) {
  if (lookedTo !== null) {
    return (
      <Empty title="None so far.">
        <p>
          <LookedTo place={lookedTo} />
        </p>
        <Button onPress={clear}>Take the filters away</Button>
      </Empty>
    );
  }
  if (isFiltered) {
    return (
      <Empty title="No request here is like that.">
        <p>None in this span of time matches all filters.</p>
        <Button onPress={clear}>Take the filters away</Button>
      </Empty>
    );
  }
  return (
    <Empty title="No requests in this span of time.">
      <p>Choose a longer one above, or make a call. With your own key in place of KEY:</p>
      <Code label="Shell" text={exampleCall(window.location.origin)} />
    </Empty>
  );
}
