import type { CredentialView } from "@/api/schema";
import { Dialog } from "@/parts/Dialog";
import { Form } from "@/parts/Form";
import { useCredentialDeeds } from "./useCredentials";

interface Props {
  credential: CredentialView | null;
  close: () => void;
}

export function RemoveCredential({ credential, close }: Props) {
  const { remove } = useCredentialDeeds();
  return (
    <Dialog title="Remove the key" isOpen={credential !== null} close={close}>
      {credential !== null && (
        <Form
          verb="Remove"
          send={() => remove.mutate(credential.id, { onSuccess: close })}
          isReady
          isSending={remove.isPending}
          error={remove.error}
          isDangerous
        >
          <p>
            The {credential.provider} key <code>…{credential.last4}</code> is deleted here, and nobody can
            bring it back. It is not revoked at the provider.
          </p>
        </Form>
      )}
    </Dialog>
  );
}
