import { useSession } from "@/session/useSession";
import { AllSpend } from "./AllSpend";
import { OwnSpend } from "./OwnSpend";

/** Who or what costs how much, and what the month will cost. */
export default function SpendPage() {
  const { session } = useSession();
  return session.is_admin ? <AllSpend /> : <OwnSpend />;
}
