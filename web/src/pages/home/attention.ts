/** What somebody should look at, the worst first. Pure. */

import type {
  BudgetView,
  CredentialView,
  DeliveryView,
  PauseView,
  ProviderView,
  QueueView,
  RequestTotals,
  TokenView,
  WebhookView,
} from "@/api/schema";
import { nanodollars, shareOf } from "@/format/money";
import { counted, duration, percent } from "@/format/number";
import type { Tone } from "@/parts/Status";
import { standingOf } from "../providers/standing";

export interface Concern {
  tone: Tone;
  text: string;
  to: string;
}

type Budget = Pick<BudgetView, "id" | "owner" | "window" | "limit" | "available" | "exceeded">;
type Credential = Pick<CredentialView, "provider" | "last4" | "active" | "last_error" | "age_days">;

export interface Seen {
  totals: Pick<RequestTotals, "unpriced">;
  budgets: readonly Budget[];
  credentials: readonly Credential[];
  providers: readonly ProviderView[];
  queues: readonly QueueView[];
  /** Tokens that open the door, and that nobody has used for `UNUSED_DAYS`. */
  unusedTokens: readonly Pick<TokenView, "id">[];
  failedDeliveries: readonly Pick<DeliveryView, "id">[];
  webhooks: readonly Pick<WebhookView, "url" | "gone_at">[];
  nameOf: (user: string) => string;
}

const NEARLY = 0.8;
const OLD_DAYS = 180;
const STALLED_S = 300;

export const UNUSED_DAYS = 90;

export function concernsOf(seen: Seen): Concern[] {
  const concerns = [
    ...seen.providers.flatMap(aboutProvider),
    ...seen.queues.flatMap(aboutQueue),
    ...seen.budgets.flatMap((budget) => aboutBudget(budget, seen.nameOf)),
    ...seen.credentials.flatMap(aboutCredential),
    ...aboutTokens(seen.unusedTokens),
    ...seen.webhooks.flatMap(aboutWebhook),
    ...aboutDeliveries(seen.failedDeliveries),
    ...aboutPrices(seen.totals),
  ];
  return concerns.sort((a, b) => Number(b.tone === "bad") - Number(a.tone === "bad"));
}

/** How much of a budget is used or set aside, from 0 on; of one without any, all. */
export function usedOf({ limit, available }: Pick<BudgetView, "limit" | "available">): number {
  const whole = nanodollars(String(limit));
  return whole === 0n ? 1 : shareOf(whole - nanodollars(String(available)), whole);
}

function aboutProvider(provider: ProviderView): Concern[] {
  const { tone, words } = standingOf(provider);
  if (provider.paused !== null)
    return [{ tone, text: `${provider.name} is paused${why(provider.paused)}`, to: "/providers" }];
  if (tone !== "bad") return [];
  return [{ tone, text: `${provider.name}: ${words}`, to: "/providers" }];
}

function aboutQueue({ paused, waiting, oldest_wait_s }: QueueView): Concern[] {
  const jobs = counted(waiting, "job");
  if (paused !== null) {
    const text = `The queue is paused${why(paused)}, and ${jobs} could begin`;
    return [{ tone: "warn", text, to: "/jobs" }];
  }
  if (waiting === 0 || oldest_wait_s < STALLED_S) return [];
  const text = `${jobs} could begin and did not, the first for ${duration(oldest_wait_s * 1_000)}`;
  return [{ tone: "bad", text, to: "/jobs?status=queued" }];
}

function why({ reason }: PauseView): string {
  return reason === null ? "" : `: ${reason}`;
}

function aboutBudget(budget: Budget, nameOf: (user: string) => string): Concern[] {
  const used = usedOf(budget);
  if (used < NEARLY) return [];
  const { user } = budget.owner;
  const whose = user === undefined ? Object.keys(budget.owner)[0] : nameOf(user);
  const text = `${percent(used)} of a ${budget.window} budget of ${whose} is used`;
  return [{ tone: budget.exceeded ? "bad" : "warn", text, to: `/budgets?budget=${budget.id}` }];
}

function aboutCredential(credential: Credential): Concern[] {
  if (!credential.active) return [];
  const named = `The ${credential.provider} key …${credential.last4}`;
  if (credential.last_error !== null)
    return [{ tone: "bad", text: `${named} failed: ${credential.last_error}`, to: "/providers" }];
  if (credential.age_days < OLD_DAYS) return [];
  return [{ tone: "warn", text: `${named} is ${credential.age_days} days old`, to: "/providers" }];
}

function aboutTokens(unused: Seen["unusedTokens"]): Concern[] {
  if (unused.length === 0) return [];
  const text = `${counted(unused.length, "token")} nobody has used for ${UNUSED_DAYS} days`;
  return [{ tone: "warn", text, to: `/keys?state=active&unused=${UNUSED_DAYS}` }];
}

function aboutDeliveries(failed: Seen["failedDeliveries"]): Concern[] {
  if (failed.length === 0) return [];
  return [
    {
      tone: "warn",
      text: `${counted(failed.length, "delivery", "deliveries")} of alerts failed`,
      to: "/budgets?delivery=failed",
    },
  ];
}

function aboutWebhook({ url, gone_at }: Seen["webhooks"][number]): Concern[] {
  if (gone_at === null) return [];
  return [{ tone: "bad", text: `${url} said that it is gone, and hears nothing any more`, to: "/budgets" }];
}

function aboutPrices({ unpriced }: Seen["totals"]): Concern[] {
  if (unpriced === 0) return [];
  const text = `${counted(unpriced, "request")} had no known price, so their cost is in no sum`;
  return [{ tone: "warn", text, to: "/requests?cost_status=unpriced" }];
}
