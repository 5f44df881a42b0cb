import { type ReactNode, Suspense, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { Button } from "@/parts/Button";
import { useKeyboard } from "@/shortcuts/useShortcut";
import { AccountMenu } from "./AccountMenu";
import { Commands } from "./Commands";
import { Navigation } from "./Navigation";
import { RangePicker } from "./RangePicker";
import styles from "./Shell.module.css";
import { ShortcutHelp } from "./ShortcutHelp";
import { SpacePicker } from "./SpacePicker";
import { ThemeButton } from "./ThemeButton";

/** The frame around every page: the menu at the side, and above what holds for all pages. */
export function Shell({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  const [isMenuOpen, openMenu] = useState(false);
  useKeyboard();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the page has changed
  useEffect(() => openMenu(false), [path]);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <header className={styles.bar}>
        <div className={styles.menuButton}>
          <Button
            look="quiet"
            icon={isMenuOpen ? "close" : "menu"}
            aria-label="Menu"
            aria-expanded={isMenuOpen}
            onPress={() => openMenu(!isMenuOpen)}
          />
        </div>
        <RangePicker />
        <SpacePicker />
        <div className={styles.right}>
          <Commands />
          <ShortcutHelp />
          <ThemeButton />
          <AccountMenu />
        </div>
      </header>
      <Navigation isOpen={isMenuOpen} />
      <main id="main" tabIndex={-1} className={styles.main}>
        <Suspense fallback={null}>{children}</Suspense>
      </main>
    </div>
  );
}
