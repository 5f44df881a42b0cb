import { Link } from "wouter";
import { href } from "@/address/href";
import type { TokenView } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Instant } from "@/parts/Instant";
import { Status } from "@/parts/Status";
import type { Column } from "@/parts/Table";
import { scopesTold } from "./scopes";
import { tokenState } from "./tokenState";

/** What is said of each token. */
export function tokenColumns(now: Date, end: (token: TokenView) => void): readonly Column<TokenView>[] {
  return [
    { name: "name", head: "Token", cell: (token) => token.name },
    { name: "prefix", head: "Begins with", cell: (token) => <code>{token.prefix}…</code> },
    {
      name: "state",
      head: "State",
      cell: (token) => {
        const { tone, words } = tokenState(token, now);
        return <Status tone={tone}>{words}</Status>;
      },
    },
    { name: "scopes", head: "May", cell: (token) => scopesTold(token.scopes) },
    {
      name: "used",
      head: "Last used",
      cell: (token) =>
        token.last_used_at === null ? (
          "never"
        ) : (
          <Link href={href("/requests", { token: token.id, range: "90d" })}>
            <Instant at={token.last_used_at} far />
          </Link>
        ),
    },
    {
      name: "expires",
      head: "Ends",
      isExtra: true,
      cell: (token) => token.expires_at && <Instant at={token.expires_at} far />,
    },
    { name: "made", head: "Made", isExtra: true, cell: (token) => <Instant at={token.created_at} far /> },
    {
      name: "end",
      head: "Change",
      cell: (token) =>
        tokenState(token, now).isAlive && (
          <Button look="quiet" aria-label={`Revoke ${token.name}`} onPress={() => end(token)}>
            Revoke
          </Button>
        ),
    },
  ];
}
