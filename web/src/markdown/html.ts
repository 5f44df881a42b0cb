/** Markdown of a model, as HTML that can do nothing: no script, no picture from elsewhere, no form, no look of its own. */

import DOMPurify from "dompurify";
import { marked } from "marked";

const HARMLESS = {
  ALLOWED_TAGS: [
    ..."a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul".split(
      " ",
    ),
  ],
  ALLOWED_ATTR: ["href", "start", "align"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

export function htmlOf(markdown: string): string {
  const html = marked.parse(markdown, { async: false, gfm: true, breaks: true });
  const clean = DOMPurify.sanitize(html, { ...HARMLESS, RETURN_DOM_FRAGMENT: true });
  for (const link of clean.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  const holder = document.createElement("div");
  holder.append(clean);
  return holder.innerHTML;
}
