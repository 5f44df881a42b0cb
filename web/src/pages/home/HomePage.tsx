import { useSession } from "@/session/useSession";
import { AdminHome } from "./AdminHome";
import { OwnHome } from "./OwnHome";

/** Does it work, what does it cost, what needs me? */
export default function HomePage() {
  const { session } = useSession();
  return session.is_admin ? <AdminHome /> : <OwnHome />;
}
