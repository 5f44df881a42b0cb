import type { BudgetView } from "@/api/schema";
import { Confirm } from "@/parts/Confirm";
import { useBudgetDeeds } from "./useBudgets";
import { useOwnerName } from "./useOwnerName";

interface Props {
  budget: BudgetView | null;
  close: () => void;
}

export function RemoveBudget({ budget, close }: Props) {
  const { remove } = useBudgetDeeds();
  const ownerOf = useOwnerName();
  return (
    <Confirm
      title="Remove the budget"
      verb="Remove"
      isOpen={budget !== null}
      close={close}
      send={() => budget !== null && remove.mutate(budget.id, { onSuccess: close })}
      isSending={remove.isPending}
      error={remove.error}
    >
      <p>
        {budget !== null && ownerOf(budget.owner)} may then use as much as their other budgets allow, and
        without any as much as they like.
      </p>
    </Confirm>
  );
}
