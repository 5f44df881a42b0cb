import { useEffect, useState } from "react";
import { Button } from "./Button";

/** Copies, and says for a moment that it did. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [state, say] = useState<"ready" | "copied" | "refused">("ready");
  useEffect(() => {
    if (state === "ready") return;
    const timer = setTimeout(() => say("ready"), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => say("copied"),
      () => say("refused"),
    );
  return (
    <Button look="quiet" icon={state === "copied" ? "check" : "copy"} onPress={() => void copy()}>
      <span aria-live="polite">
        {state === "ready" ? label : state === "copied" ? "Copied" : "Not allowed here"}
      </span>
    </Button>
  );
}
