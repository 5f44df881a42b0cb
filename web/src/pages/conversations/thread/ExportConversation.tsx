import { useMutation } from "@tanstack/react-query";
import { call } from "@/api/client";
import type { ConversationView } from "@/api/schema";
import { Choice } from "@/parts/Choice";
import { Failure } from "@/parts/Failure";

const FORMATS = [
  { value: "json", label: "JSON, with all branches" },
  { value: "markdown", label: "Markdown, of the branch that goes on" },
] as const;

type Format = (typeof FORMATS)[number]["value"];

/** Gives the conversation as a file. */
export function ExportConversation({ conversation: { id } }: { conversation: ConversationView }) {
  const saving = useMutation({ mutationFn: (format: Format) => save(id, format) });
  return (
    <>
      <Choice
        label="Export"
        icon="download"
        options={FORMATS}
        value={null}
        shown="Export"
        choose={(format) => saving.mutate(format)}
      />
      {saving.error !== null && <Failure error={saving.error} />}
    </>
  );
}

async function save(id: string, format: Format): Promise<void> {
  const response = await call(`/api/conversations/${id}/export?format=${format}`);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = `${id}.${format === "json" ? "json" : "md"}`;
  link.click();
  URL.revokeObjectURL(url);
}
