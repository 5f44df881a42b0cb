import { Fragment } from "react";

/** A sentence in which names stand between backticks. */
export function Meaning({ text }: { text: string }) {
  return text.split("`").map((piece, place) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a sentence keep their order
    place % 2 === 1 ? <code key={place}>{piece}</code> : <Fragment key={place}>{piece}</Fragment>,
  );
}
