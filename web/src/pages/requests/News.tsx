import { useState } from "react";
import { count } from "@/format/number";
import { Button } from "@/parts/Button";
import { Switch } from "@/parts/Switch";
import type { Question } from "./question";
import { useNews } from "./useNews";

const MODES = [
  { value: "still", label: "Still" },
  { value: "live", label: "Live" },
] as const;

interface Props {
  question: Question;
  /** The newest row that is shown. */
  newest: string | null;
  isReady: boolean;
  show: () => void;
}

/** How many requests came since the table was loaded, for who wants to know. The number is pressed by whoever wants to
 * see them: the table itself never moves. */
export function News({ question, newest, isReady, show }: Props) {
  const [mode, turn] = useState<(typeof MODES)[number]["value"]>("still");
  const isOpen = question.range.to === null;
  const news = useNews(question, newest, isReady && isOpen && mode === "live");
  return (
    <>
      {isOpen && <Switch label="News" options={MODES} value={mode} choose={turn} />}
      <span aria-live="polite">
        <Button icon="refresh" onPress={show}>
          {news === null || news.requests === 0
            ? "Refresh"
            : `${count(news.requests)}${news.has_more ? "+" : ""} new`}
        </Button>
      </span>
    </>
  );
}
