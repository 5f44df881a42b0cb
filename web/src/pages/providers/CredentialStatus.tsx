import type { CredentialView } from "@/api/schema";
import { Status } from "@/parts/Status";

/** Whether a key can be used, and why not. */
export function CredentialStatus({ credential }: { credential: CredentialView }) {
  const { active, last_error, verified_at } = credential;
  if (!active) return <Status tone="idle">switched off</Status>;
  if (last_error !== null) return <Status tone="bad">{last_error}</Status>;
  return <Status tone="good">{verified_at === null ? "in use, never tested" : "tested"}</Status>;
}
