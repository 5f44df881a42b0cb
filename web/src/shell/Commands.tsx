import { lazy, Suspense, useEffect, useState } from "react";
import { Button } from "@/parts/Button";
import styles from "./Commands.module.css";

const Palette = lazy(() => import("./Palette"));

const IS_MAC = navigator.userAgent.includes("Mac");

/** Everything by its name: pages, requests and conversations by their id. Opens with ⌘K. */
export function Commands() {
  const [isOpen, open] = useState(false);
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.key !== "k" || !(IS_MAC ? event.metaKey : event.ctrlKey)) return;
      event.preventDefault();
      open((was) => !was);
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, []);
  return (
    <>
      <span className={styles.button}>
        <Button look="quiet" icon="search" onPress={() => open(true)}>
          <span className={styles.words}>Go to</span>
          <kbd className={styles.words}>{IS_MAC ? "⌘K" : "Ctrl K"}</kbd>
        </Button>
      </span>
      {isOpen && (
        <Suspense fallback={null}>
          <Palette close={() => open(false)} />
        </Suspense>
      )}
    </>
  );
}
