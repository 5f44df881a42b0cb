import { Button } from "@/parts/Button";
import { Code } from "@/parts/Code";
import form from "@/parts/Form.module.css";

/** What proves to an endpoint that an alert is from here. It is shown this once. */
export function WebhookSecret({ secret, close }: { secret: string; close: () => void }) {
  return (
    <div className={form.form}>
      <p>
        Copy the secret to where the alerts are received: it verifies their signatures, in the way of Standard
        Webhooks. It is shown this once.
      </p>
      <Code label="Secret" text={secret} />
      <div className={form.foot}>
        <Button look="primary" onPress={close}>
          I have it
        </Button>
      </div>
    </div>
  );
}
