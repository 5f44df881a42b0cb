import { useState } from "react";
import { Button } from "@/parts/Button";
import { Page } from "@/parts/Page";
import { AddCredential } from "./AddCredential";
import { Credentials } from "./Credentials";
import { Health } from "./Health";

/** Who is well, and how old each key is. */
export default function ProvidersPage() {
  const [isAdding, add] = useState(false);
  return (
    <Page
      title="Providers"
      actions={
        <Button look="primary" icon="plus" onPress={() => add(true)}>
          Add a key
        </Button>
      }
    >
      <Health />
      <Credentials />
      <AddCredential isOpen={isAdding} close={() => add(false)} />
    </Page>
  );
}
