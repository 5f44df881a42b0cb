import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, said } from "@/api/client";
import { Empty } from "@/parts/Empty";
import { useSession } from "@/session/useSession";
import { absenceOf } from "./absence";

/** Why there is nothing to be read. */
export function Absent() {
  const { session } = useSession();
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: () => said(api.GET("/api/settings")),
    enabled: session.is_admin,
  });
  return (
    <Empty title="What was said is not kept.">
      <p>{absenceOf(settings.data?.data ?? [])}</p>
      <p>Prompts are nobody's business but the caller's. Where they are kept, secrets are taken out.</p>
      {session.is_admin && <Link href="/settings?q=requests.bodies">The setting</Link>}
    </Empty>
  );
}
