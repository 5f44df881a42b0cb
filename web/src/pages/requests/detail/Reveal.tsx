import { useUserName } from "@/api/names";
import type { RequestView } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { useReveal } from "./useRequest";

/** Whether what was said is there, and somebody else's, and nobody has asked to see it. */
export function isHidden({ has_payload, payload }: Pick<RequestView, "has_payload" | "payload">): boolean {
  return has_payload === true && payload == null;
}

/** What somebody else said stays hidden until a reader says that they want it. */
export function Reveal({ request }: { request: Pick<RequestView, "id" | "user"> }) {
  const nameOf = useUserName();
  const reveal = useReveal(request.id);
  return (
    <Empty title={`What ${nameOf(request.user)} said is kept.`}>
      <p>It is theirs: that you read it is written into the audit.</p>
      <Button isDisabled={reveal.isPending} onPress={() => reveal.mutate()}>
        Reveal
      </Button>
      {reveal.error !== null && <Failure error={reveal.error} />}
    </Empty>
  );
}
