import { Money } from "@/parts/Money";

/** Dollars per million tokens, or that nobody knows. */
export function Rate({ rate }: { rate: string | null }) {
  return <Money usd={rate} />;
}
