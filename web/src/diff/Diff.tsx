import { useMemo, useState } from "react";
import { counted } from "@/format/number";
import { Switch } from "@/parts/Switch";
import styles from "./Diff.module.css";
import { type Piece, piecesOf, wordsIn } from "./diff";

interface Side {
  name: string;
  text: string;
}

const VIEWS = [
  { value: "together", label: "In one" },
  { value: "beside", label: "Side by side" },
] as const;

/** How one text differs from another: by sign, line and colour, and in words for whoever sees none of them. */
export function Diff({ before, after }: { before: Side; after: Side }) {
  const [view, look] = useState<(typeof VIEWS)[number]["value"]>("together");
  const pieces = useMemo(() => piecesOf(before.text, after.text), [before.text, after.text]);
  const [added, removed] = [wordsIn(pieces, "added"), wordsIn(pieces, "removed")];
  const isSame = before.text === after.text;
  return (
    <div className={styles.diff}>
      <div className={styles.head}>
        <p role="status">
          {isSame
            ? `${before.name} and ${after.name} say the same.`
            : `From ${before.name} to ${after.name}: ${counted(added, "word")} added, ${counted(removed, "word")} removed.`}
        </p>
        {!isSame && <Switch label="How it is compared" options={VIEWS} value={view} choose={look} />}
      </div>
      {view === "together" || isSame ? (
        <Text label="What differs" pieces={pieces} />
      ) : (
        <div className={styles.sides}>
          <Text label={before.name} pieces={pieces.filter((piece) => piece.kind !== "added")} isNamed />
          <Text label={after.name} pieces={pieces.filter((piece) => piece.kind !== "removed")} isNamed />
        </div>
      )}
    </div>
  );
}

function Text({
  label,
  pieces,
  isNamed = false,
}: {
  label: string;
  pieces: readonly Piece[];
  isNamed?: boolean;
}) {
  return (
    <figure className={styles.side}>
      <figcaption className={isNamed ? styles.name : "visually-hidden"}>{label}</figcaption>
      <div className={styles.text}>
        {pieces.map(({ kind, text }, place) => {
          const key = place;
          if (kind === "same") return <span key={key}>{text}</span>;
          const Changed = kind === "added" ? "ins" : "del";
          return (
            <Changed key={key}>
              <span className="visually-hidden">{kind}: </span>
              {text}
              <span className="visually-hidden"> (until here)</span>
            </Changed>
          );
        })}
      </div>
    </figure>
  );
}
