import { percent } from "@/format/number";
import { usedOf } from "../budgets/portions";
import { useOwnerName } from "../budgets/useOwnerName";
import { Tile } from "./Tile";
import { useSeen } from "./useSeen";

/** The budget of which most is used or set aside. */
export function FullestBudget() {
  const { isKnown, budgets } = useSeen();
  const ownerOf = useOwnerName();
  const [fullest] = [...budgets].sort((a, b) => usedOf(b) - usedOf(a));
  if (fullest === undefined) {
    return (
      <Tile name="Fullest budget" to="/budgets" beside="set one">
        {isKnown ? "none yet" : "…"}
      </Tile>
    );
  }
  const { id, owner, window } = fullest;
  return (
    <Tile
      name="Fullest budget"
      to={`/budgets?budget=${id}`}
      beside={`${ownerOf(owner)}, ${window === "total" ? "in all" : `a ${window}`}`}
    >
      {percent(usedOf(fullest))}
    </Tile>
  );
}
