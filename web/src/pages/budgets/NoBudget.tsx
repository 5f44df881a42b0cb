import { useUsers } from "@/api/names";
import { Button } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { useSession } from "@/session/useSession";
import { useBudgetDeeds } from "./useBudgets";

/** None yet, and a first one at a press. */
export function NoBudget({ user }: { user: string | null }) {
  const { session } = useSession();
  const users = useUsers().data?.data ?? [];
  const { create } = useBudgetDeeds();
  const first =
    users.find((one) => one.id === user) ??
    users.find((one) => one.name === "default") ??
    users.find((one) => one.id === session.user);
  return (
    <Empty title="No budget holds here.">
      <p>
        Whatever a call may cost at most is set aside before it is sent, so a strict budget is never
        overspent.
      </p>
      {create.error !== null && <Failure error={create.error} />}
      {first !== undefined && (
        <Button
          isDisabled={create.isPending}
          onPress={() =>
            create.mutate({
              owner: { user: first.id },
              unit: "usd",
              window: "month",
              limit: "10",
              mode: "strict",
            })
          }
        >
          10 dollars a month for {first.name}
        </Button>
      )}
    </Empty>
  );
}
