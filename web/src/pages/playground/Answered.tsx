import { readJson } from "@/format/json";
import { Markdown } from "@/markdown/Markdown";
import { Code } from "@/parts/Code";

/** What a model answered: words as it meant them to look, data as data. */
export function Answered({ text }: { text: string }) {
  const data = dataIn(text);
  return data === null ? <Markdown text={text} /> : <Code text={data} label="JSON" />;
}

/** Indented, if all of it is a JSON object or list. */
function dataIn(text: string): string | null {
  const value = readJson(text);
  return typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : null;
}
