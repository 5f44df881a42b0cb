import { Dialog } from "@/parts/Dialog";
import { NewBudgetForm } from "./NewBudgetForm";

/** How much somebody may use. */
export function NewBudget({ isOpen, close }: { isOpen: boolean; close: () => void }) {
  return (
    <Dialog title="New budget" isOpen={isOpen} close={close}>
      <NewBudgetForm done={close} />
    </Dialog>
  );
}
