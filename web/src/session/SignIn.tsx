import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import { Mark } from "@/parts/Mark";
import styles from "./SignIn.module.css";
import { type Session, signIn } from "./session";

interface Props {
  came: (session: Session) => void;
  /** Why the one-time link that led here did not do. */
  linkFailed: Error | null;
}

/** Asks for a token, which is exchanged for a session at once and kept nowhere. */
export function SignIn({ came, linkFailed }: Props) {
  const [token, write] = useState("");
  const entering = useMutation({ mutationFn: signIn, onSuccess: came });
  useEffect(() => {
    document.title = "Sign in · Tollhouse";
  }, []);
  const enter = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() !== "") entering.mutate({ token: token.trim() });
  };
  const failure = entering.error ?? linkFailed;
  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={enter}>
        <Mark size={40} />
        <h1>Sign in to Tollhouse</h1>
        <label className={styles.label} htmlFor="token">
          Token
        </label>
        <input
          id="token"
          className={styles.input}
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="th_live_…"
          value={token}
          onChange={(event) => write(event.target.value)}
        />
        <Button type="submit" look="primary" isDisabled={token.trim() === "" || entering.isPending}>
          Sign in
        </Button>
        {failure !== null && <Failure error={failure} />}
        <p className={styles.hint}>
          With the admin token you see everything, with a token of your own what is yours. On the machine
          itself, <code>tollhouse login</code> prints a link that signs you in once.
        </p>
      </form>
    </main>
  );
}
