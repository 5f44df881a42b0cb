import type { UserView } from "@/api/schema";
import { Status } from "@/parts/Status";

export function UserStatus({ user }: { user: UserView }) {
  if (user.disabled_at !== null) return <Status tone="idle">disabled</Status>;
  return <Status tone="good">active</Status>;
}
