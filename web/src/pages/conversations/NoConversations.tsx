import { Code } from "@/parts/Code";
import { Empty } from "@/parts/Empty";
import type { Shown } from "./useConversations";

/** None; and how an application begins one. */
export function NoConversations({ shown }: { shown: Shown }) {
  if (shown !== "current") return <Empty title={`None is ${shown}.`} />;
  return (
    <Empty title="No conversation of yours yet.">
      <p>
        An application keeps one here like this, with your own key in place of KEY. Each user sees only their
        own.
      </p>
      <Code label="Shell" text={example(window.location.origin)} />
    </Empty>
  );
}

function example(origin: string): string {
  const head = '  -H "Authorization: Bearer KEY" -H "Content-Type: application/json"';
  return [
    `curl ${origin}/api/conversations \\`,
    `${head} -d '{"model": "demo/echo"}'`,
    `curl ${origin}/api/conversations/ID/messages \\`,
    `${head} -d '{"message": "Hello"}'`,
  ].join("\n");
}
