import { useState } from "react";
import { Link } from "wouter";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Credentials } from "./Credentials";
import { Disable } from "./Disable";
import { Limits } from "./Limits";
import { NewToken } from "./NewToken";
import styles from "./Person.module.css";
import { Tokens } from "./Tokens";
import { UserFacts } from "./UserFacts";
import { UserStatus } from "./UserStatus";
import { useUser } from "./useUser";
import { useUserDeeds } from "./useUserDeeds";

/** One user: their keys, how much they may ask, and where to see what they did. */
export function Person({ id }: { id: string }) {
  const query = useUser(id);
  const { enable } = useUserDeeds();
  const [open, show] = useState<"token" | "disable" | null>(null);
  const user = query.data;
  if (user === undefined) return <Page title="User">{<Loaded of={query}>{() => null}</Loaded>}</Page>;
  return (
    <Page
      title={user.name}
      beside={<UserStatus user={user} />}
      actions={
        <>
          {user.disabled_at === null ? (
            <Button onPress={() => show("disable")}>Disable</Button>
          ) : (
            <Button isDisabled={enable.isPending} onPress={() => enable.mutate(id)}>
              Enable
            </Button>
          )}
          <Button look="primary" icon="plus" onPress={() => show("token")}>
            New token
          </Button>
        </>
      }
    >
      <Link href="/keys" className={styles.back ?? ""}>
        All users
      </Link>
      {enable.error !== null && <Failure error={enable.error} />}
      <div className={styles.columns}>
        <div className={styles.column}>
          <Tokens user={id} />
          <Credentials user={id} />
        </div>
        <div className={styles.column}>
          <UserFacts user={user} />
          <Limits user={user} />
        </div>
      </div>
      <NewToken user={user} isOpen={open === "token"} close={() => show(null)} />
      <Disable user={user} isOpen={open === "disable"} close={() => show(null)} />
    </Page>
  );
}
