import { useParams } from "wouter";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Conversation } from "./Conversation";
import { useConversation } from "./useThread";

/** One conversation, with all its branches. */
export default function ConversationPage() {
  const { conversation = "" } = useParams<{ conversation: string }>();
  const query = useConversation(conversation);
  if (query.data !== undefined) return <Conversation conversation={query.data} />;
  return <Page title="Conversation">{<Loaded of={query}>{() => null}</Loaded>}</Page>;
}
