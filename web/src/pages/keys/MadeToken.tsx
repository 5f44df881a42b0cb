import type { TokenMade } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Code } from "@/parts/Code";
import form from "@/parts/Form.module.css";
import { exampleCall } from "../requests/exampleCall";

/** The token itself. It is nowhere else: not in the gateway, and not on this page once the dialog is closed. */
export function MadeToken({ made, close }: { made: TokenMade; close: () => void }) {
  return (
    <div className={form.form}>
      <p>
        This is <strong>{made.name}</strong>. Copy it now: it is shown this once and kept nowhere.
      </p>
      <Code label="Token" text={made.token} />
      {made.scopes.includes("inference") && (
        <Code
          label="A first call, with the token in place of KEY"
          text={exampleCall(window.location.origin)}
        />
      )}
      <div className={form.foot}>
        <Button look="primary" onPress={close}>
          I have it
        </Button>
      </div>
    </div>
  );
}
