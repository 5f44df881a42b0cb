import { Button } from "@/parts/Button";
import { Code } from "@/parts/Code";
import { Empty } from "@/parts/Empty";

/** No job: because of the filters, or because nobody has asked for one yet, and then how one does. */
export function NoJobs({ isFiltered, clear }: { isFiltered: boolean; clear: () => void }) {
  if (isFiltered) {
    return (
      <Empty title="No job is like that.">
        <Button onPress={clear}>Take the filters away</Button>
      </Empty>
    );
  }
  return (
    <Empty title="No job yet.">
      <p>A job is an answer that nobody waits for. With your own key in place of KEY:</p>
      <Code label="Shell" text={example(window.location.origin)} />
    </Empty>
  );
}

function example(origin: string): string {
  return [
    `curl ${origin}/v1/responses \\`,
    '  -H "Authorization: Bearer KEY" -H "Content-Type: application/json" \\',
    `  -d '{"model": "demo/echo", "input": "Hello", "background": true}'`,
  ].join("\n");
}
