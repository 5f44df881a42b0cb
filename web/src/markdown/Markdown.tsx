import { useMemo } from "react";
import { htmlOf } from "./html";
import styles from "./Markdown.module.css";

/** What a model wrote, as it meant it to look. */
export function Markdown({ text }: { text: string }) {
  const html = useMemo(() => htmlOf(text), [text]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: all that could act is taken out, see html.ts
  return <div className={styles.markdown} dangerouslySetInnerHTML={{ __html: html }} />;
}
