import { Button } from "@/parts/Button";
import type { Question } from "./question";
import { MOST_NEWS, useNews } from "./useRequests";

interface Props {
  question: Question;
  /** The newest row that is shown. */
  newest: string | null;
  isReady: boolean;
  show: () => void;
}

/** How many requests came since the table was loaded. It is pressed by whoever wants to see them. */
export function NewsButton({ question, newest, isReady, show }: Props) {
  const news = useNews(question, newest, isReady);
  return (
    <span aria-live="polite">
      <Button icon="refresh" onPress={show}>
        {news === 0 ? "Refresh" : `${news}${news === MOST_NEWS ? "+" : ""} new`}
      </Button>
    </span>
  );
}
