import { Link, useLocation, useSearch } from "wouter";
import { carriedRange } from "@/address/range";
import { PAGES } from "@/pages/all";
import { GROUPS, type Page, pathOf } from "@/pages/page";
import { Icon } from "@/parts/Icon";
import { Mark } from "@/parts/Mark";
import { useSession } from "@/session/useSession";
import { useShortcut } from "@/shortcuts/useShortcut";
import styles from "./Navigation.module.css";

/** The menu: a dozen pages in five groups, and for each reader only those that are theirs. */
export function Navigation({ isOpen }: { isOpen: boolean }) {
  const { session } = useSession();
  const pages = PAGES.filter((page) => page.isFor?.(session) ?? true);
  return (
    <nav className={`${styles.side} ${isOpen ? styles.open : ""}`} aria-label="Pages">
      <Link href="/" className={styles.brand}>
        <Mark size={22} />
        Tollhouse
      </Link>
      {GROUPS.map((group) => (
        <Group key={group} title={group} pages={pages.filter((page) => page.group === group)} />
      ))}
    </nav>
  );
}

function Group({ title, pages }: { title: string; pages: Page[] }) {
  if (pages.length === 0) return null;
  return (
    <div className={styles.group}>
      {title !== "" && <p className={styles.title}>{title}</p>}
      <ul aria-label={title === "" ? undefined : title}>
        {pages.map((page) => (
          <Entry key={page.title} page={page} />
        ))}
      </ul>
    </div>
  );
}

function Entry({ page }: { page: Page }) {
  const [here, navigate] = useLocation();
  const range = carriedRange(new URLSearchParams(useSearch())).toString();
  const path = pathOf(page);
  const to = range === "" ? path : `${path}?${range}`;
  useShortcut(`g ${page.key}`, `Go to ${page.title}`, () => navigate(to));
  const isHere = path === "/" ? here === "/" : here === path || here.startsWith(`${path}/`);
  return (
    <li>
      <Link href={to} className={styles.entry ?? ""} aria-current={isHere ? "page" : undefined}>
        <Icon name={page.icon} />
        {page.title}
      </Link>
    </li>
  );
}
