import { Link } from "wouter";
import { href } from "@/address/href";
import type { BudgetView } from "@/api/schema";
import { percent } from "@/format/number";
import { Deeds } from "@/parts/Deeds";
import { Instant } from "@/parts/Instant";
import { Status } from "@/parts/Status";
import { amountShort, amountTold } from "./amount";
import styles from "./BudgetRow.module.css";
import type { BudgetDeed } from "./Budgets";
import { PortionBar } from "./PortionBar";
import { portionsOf, standingOf, usedOf } from "./portions";
import { useOwnerName } from "./useOwnerName";

interface Props {
  budget: BudgetView;
  isChosen: boolean;
  take: (deed: BudgetDeed) => void;
}

const DEEDS: readonly { value: BudgetDeed; label: string }[] = [
  { value: "change", label: "Change" },
  { value: "credit", label: "Correct what is spent" },
  { value: "remove", label: "Remove" },
];

/** One budget: whose, how much of it is gone and where it went, when it begins anew. */
export function BudgetRow({ budget, isChosen, take }: Props) {
  const ownerOf = useOwnerName();
  const whose = ownerOf(budget.owner);
  const { tone, words } = standingOf(budget);
  const portions = portionsOf(budget);
  const { unit, model, owner } = budget;
  const search = { user: owner.user, model };
  return (
    <li className={styles.row} aria-current={isChosen ? "true" : undefined}>
      <div className={styles.head}>
        <span className={styles.whose}>{whose}</span>
        <span className={styles.what}>
          {whatOf(budget)}
          {model !== null && <code> {model}</code>}
        </span>
        <Status tone={tone}>{words}</Status>
        <Link href={href("/requests", search)} className={styles.figures ?? ""}>
          {percent(usedOf(budget))} of {amountTold(unit, budget.limit)}
        </Link>
      </div>
      <div className={styles.menu}>
        <Deeds label={`Change the budget of ${whose}`} deeds={DEEDS} take={take} />
      </div>
      <PortionBar portions={portions} isUsedUp={tone === "bad"} />
      <p className={styles.words}>
        {portions
          .filter((portion) => portion.name === "spent" || portion.share > 0)
          .map((portion) => (
            <span key={portion.name}>
              {amountShort(unit, portion.amount)} {portion.name}
            </span>
          ))}
        <span>{amountShort(unit, budget.available)} left</span>
        {Number(budget.overage) > 0 && <span>{amountShort(unit, budget.overage)} more than was held</span>}
        <span className={styles.mode}>{budget.mode}</span>
        {budget.resets_at !== null && (
          <span>
            begins anew <Instant at={budget.resets_at} far />
          </span>
        )}
      </p>
    </li>
  );
}

const WINDOWS: Readonly<Record<string, string>> = { day: "a day", month: "a month", total: "in all" };

function whatOf({ unit, window }: BudgetView): string {
  const counted = unit === "usd" ? "dollars" : unit;
  return `${counted} ${WINDOWS[window] ?? window}`;
}
