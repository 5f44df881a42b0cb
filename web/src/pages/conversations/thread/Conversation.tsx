import { useState } from "react";
import type { ConversationView } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { useShortcut } from "@/shortcuts/useShortcut";
import { titleOf } from "../titleOf";
import styles from "./Conversation.module.css";
import { ConversationFacts } from "./ConversationFacts";
import { DeleteConversation } from "./DeleteConversation";
import { ExportConversation } from "./ExportConversation";
import { Thread } from "./Thread";
import { useConversationDeeds } from "./useThread";

export function Conversation({ conversation }: { conversation: ConversationView }) {
  const { id, archived_at } = conversation;
  const { change } = useConversationDeeds(id);
  const [isDeleting, remove] = useState(false);
  useShortcut("Escape", "Back", () => window.history.back());
  useShortcut("y", "Copy the link", () => void navigator.clipboard.writeText(window.location.href));
  return (
    <Page
      title={titleOf(conversation)}
      beside={<State conversation={conversation} />}
      actions={
        <>
          <ExportConversation conversation={conversation} />
          <Button
            isDisabled={change.isPending}
            onPress={() => change.mutate({ archived: archived_at === null })}
          >
            {archived_at === null ? "Archive" : "Take out of the archive"}
          </Button>
          <Button look="danger" icon="trash" onPress={() => remove(true)}>
            Delete
          </Button>
        </>
      }
    >
      {change.error !== null && <Failure error={change.error} />}
      <div className={styles.columns}>
        <div className={styles.column}>
          {conversation.system !== null && (
            <Panel title="Told to the model before everything">
              <p className={styles.system}>{conversation.system}</p>
            </Panel>
          )}
          <Thread id={id} />
        </div>
        <ConversationFacts conversation={conversation} />
      </div>
      <DeleteConversation conversation={conversation} isOpen={isDeleting} close={() => remove(false)} />
    </Page>
  );
}

function State({ conversation }: { conversation: ConversationView }) {
  if (conversation.archived_at !== null) return <Status tone="idle">archived</Status>;
  return conversation.model;
}
