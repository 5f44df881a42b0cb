import { useLocation } from "wouter";
import type { ConversationView } from "@/api/schema";
import { Confirm } from "@/parts/Confirm";
import { titleOf } from "../titleOf";
import { useConversationDeeds } from "./useThread";

interface Props {
  conversation: ConversationView;
  isOpen: boolean;
  close: () => void;
}

export function DeleteConversation({ conversation, isOpen, close }: Props) {
  const { remove } = useConversationDeeds(conversation.id);
  const [, navigate] = useLocation();
  const leave = () => navigate("/conversations", { replace: true });
  return (
    <Confirm
      title="Delete the conversation"
      verb="Delete"
      isOpen={isOpen}
      close={close}
      send={() => remove.mutate(undefined, { onSuccess: leave })}
      isSending={remove.isPending}
      error={remove.error}
    >
      <p>
        “{titleOf(conversation)}” is found no more. It stands among the deleted ones for a while, where you
        can restore it; then it is gone for good.
      </p>
    </Confirm>
  );
}
