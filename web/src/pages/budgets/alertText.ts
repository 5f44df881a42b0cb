/** What an alert says, in a sentence, and where to look. Pure. */

import type { AlertView } from "@/api/schema";
import { percent } from "@/format/number";
import type { Tone } from "@/parts/Status";
import { amountTold } from "./amount";

type Alert = Pick<AlertView, "type"> & { facts: Readonly<Record<string, unknown>> };

export interface AlertTold {
  tone: Tone;
  text: string;
  to: string | null;
}

export function alertTold({ type, facts }: Alert): AlertTold {
  const told = (name: string) => String(facts[name] ?? "");
  const amount = (name: string) => amountTold(told("unit"), told(name));
  const when = facts.window === "total" ? "in all" : `in ${told("period")}`;
  const whose = facts.owner_name == null ? told("owner") : told("owner_name");
  const budget = `/budgets?budget=${told("budget")}`;
  switch (type) {
    case "budget.threshold":
      return {
        tone: Number(facts.threshold) >= 1 ? "bad" : "warn",
        text: `${percent(Number(facts.threshold))} of a budget of ${whose} is used: ${amount("spent")} of ${amount("limit")} ${when}`,
        to: budget,
      };
    case "budget.overage":
      return {
        tone: "bad",
        text: `A strict budget of ${whose} was charged ${amount("overage")} more than had been set aside ${when}`,
        to: budget,
      };
    case "credential.aging":
      return {
        tone: "warn",
        text: `A ${told("provider")} key is over ${told("days")} days old`,
        to: "/providers",
      };
    case "credential.failing":
      return { tone: "bad", text: `${told("provider")} refuses a key: ${told("error")}`, to: "/providers" };
    case "run.failed":
      return { tone: "bad", text: `A job has failed for good: ${told("error")}`, to: `/jobs/${told("run")}` };
    case "run.succeeded":
      return { tone: "good", text: "A job has succeeded", to: `/jobs/${told("run")}` };
    case "run.cancelled":
      return { tone: "idle", text: "A job was cancelled", to: `/jobs/${told("run")}` };
    default:
      return { tone: "idle", text: type, to: null };
  }
}
