import { useState } from "react";
import { useLocation } from "wouter";
import { href } from "@/address/href";
import { useWorkspaces } from "@/api/names";
import { Dialog } from "@/parts/Dialog";
import { Field } from "@/parts/Field";
import { Form } from "@/parts/Form";
import { Select } from "@/parts/Select";
import { useUserDeeds } from "./useUserDeeds";

/** A person or an application that shall have keys of its own. */
export function NewUser({ isOpen, close }: { isOpen: boolean; close: () => void }) {
  return (
    <Dialog title="New user" isOpen={isOpen} close={close}>
      <Fields />
    </Dialog>
  );
}

const FIRST = "";

function Fields() {
  const [, navigate] = useLocation();
  const { create } = useUserDeeds();
  const workspaces = useWorkspaces().data?.data ?? [];
  const [name, write] = useState("");
  const [email, address] = useState("");
  const [workspace, choose] = useState(FIRST);
  const send = () =>
    create.mutate(
      {
        name: name.trim(),
        ...(email.trim() !== "" && { email: email.trim() }),
        ...(workspace !== FIRST && { workspace }),
      },
      { onSuccess: (made) => navigate(href("/keys", { user: made.id })) },
    );
  return (
    <Form
      verb="Create"
      send={send}
      isReady={name.trim() !== ""}
      isSending={create.isPending}
      error={create.error}
    >
      <Field label="Name" autoFocus value={name} onChange={(event) => write(event.target.value)} />
      <Field
        label="Mail, if you like"
        type="email"
        value={email}
        onChange={(event) => address(event.target.value)}
      />
      {workspaces.length > 1 && (
        <Select
          label="Workspace"
          options={[
            { value: FIRST, label: "The usual one" },
            ...workspaces.map((one) => ({ value: one.id, label: one.name })),
          ]}
          value={workspace}
          choose={choose}
        />
      )}
    </Form>
  );
}
