/** What two texts have in common and what not, word by word. Pure. */

import { type ChangeObject, diffLines, diffWordsWithSpace } from "diff";

export interface Piece {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Beyond this many changes it is told by lines, and beyond them as one text in place of another. */
const MOST_CHANGES = 1_500;

export function piecesOf(before: string, after: string): readonly Piece[] {
  if (before === after) return before === "" ? [] : [{ kind: "same", text: before }];
  const changes =
    diffWordsWithSpace(before, after, { maxEditLength: MOST_CHANGES }) ??
    diffLines(before, after, { maxEditLength: MOST_CHANGES });
  if (changes !== undefined) return gathered(changes.map(pieceOf));
  return [
    { kind: "removed", text: before },
    { kind: "added", text: after },
  ];
}

/** How many words of a kind there are. */
export function wordsIn(pieces: readonly Piece[], kind: Piece["kind"]): number {
  return pieces
    .filter((piece) => piece.kind === kind)
    .reduce((sum, { text }) => sum + text.split(/\s+/).filter(Boolean).length, 0);
}

/** Changes with nothing but space between them are one: words in place of words, and not one by one. */
function gathered(pieces: readonly Piece[]): readonly Piece[] {
  const told: Piece[] = [];
  let [removed, added] = ["", ""];
  const tell = (...more: Piece[]) => {
    const changed: Piece[] = [
      { kind: "removed", text: removed },
      { kind: "added", text: added },
    ];
    told.push(...changed.filter(({ text }) => text !== ""), ...more);
    [removed, added] = ["", ""];
  };
  pieces.forEach((piece, place) => {
    const { kind, text } = piece;
    const isBetween =
      kind === "same" && text.trim() === "" && removed + added !== "" && place < pieces.length - 1;
    if (kind === "same" && !isBetween) tell(piece);
    else {
      if (kind !== "added") removed += text;
      if (kind !== "removed") added += text;
    }
  });
  tell();
  return told;
}

function pieceOf({ added, removed, value }: ChangeObject<string>): Piece {
  return { kind: added ? "added" : removed ? "removed" : "same", text: value };
}
