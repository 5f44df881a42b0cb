import styles from "./Icon.module.css";

/** Drawn on 16 × 16, with a stroke of 1.5. */
const SHAPES = {
  home: "M2.5 7.5 8 3l5.5 4.5V13a.5.5 0 0 1-.5.5H3a.5.5 0 0 1-.5-.5ZM6.5 13.5V9.5h3v4",
  playground: "M2.5 3.5h11v8h-6l-3 2.5v-2.5h-2ZM5.5 6.5h5M5.5 8.75h3",
  conversations: "M2 2.5h8.5v6H6L3.5 11V8.5H2ZM12 5.5h2v6h-1.5v2L10 11.5H7.5",
  requests: "M2.5 4h11M2.5 8h11M2.5 12h7",
  spend: "M2.5 13.5h11M4 11V8M8 11V3.5M12 11V6",
  jobs: "M8 2.5 13.5 5.5 8 8.5 2.5 5.5ZM2.5 8.25 8 11.25 13.5 8.25M2.5 11 8 14 13.5 11",
  keys: "M10.25 8.75a3.25 3.25 0 1 0-3-2L2.5 11.5V13.5H5V12H6.5V10.5H7.75L8.5 8.5M10.75 5.25h.01",
  budgets: "M2.5 11a5.5 5.5 0 1 1 11 0M8 11 10.5 7M2.5 13.5h11",
  models: "M3.5 4.5h3l3 7h3M3.5 11.5h3l1-2.3M8.5 6.8l1-2.3h3M11 2.8l1.8 1.7L11 6.2M11 9.8l1.8 1.7-1.8 1.7",
  providers: "M4.5 11.5a3 3 0 0 1-.4-5.97 4 4 0 0 1 7.72.47A2.75 2.75 0 0 1 11.5 11.5Z",
  settings:
    "M2.5 4.5h5M11 4.5h2.5M2.5 11.5H5M8.5 11.5h5M9.25 2.75a1.75 1.75 0 1 0 0 3.5 1.75 1.75 0 0 0 0-3.5ZM6.75 9.75a1.75 1.75 0 1 0 0 3.5 1.75 1.75 0 0 0 0-3.5Z",
  audit: "M8 2 13 4v4c0 3-2 5-5 6-3-1-5-3-5-6V4ZM5.75 8 7.25 9.5 10.25 6.5",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3 13.5 13.5",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  close: "M4 4l8 8M12 4l-8 8",
  sun: "M8 5.25a2.75 2.75 0 1 0 0 5.5 2.75 2.75 0 0 0 0-5.5ZM8 1.5v1.25M8 13.25v1.25M1.5 8h1.25M13.25 8h1.25M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5Z",
  system: "M2.5 3.5h11v7h-11ZM6 13.5h4M8 10.5v3",
  account: "M8 2.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM3 13.5a5 5 0 0 1 10 0",
  calendar: "M2.5 4h11v9.5h-11ZM2.5 7h11M5.5 2.5v3M10.5 2.5v3",
  copy: "M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3",
  check: "M3 8.5 6.5 12 13 4.5",
  right: "M6 3.5 10.5 8 6 12.5",
  down: "M3.5 6 8 10.5 12.5 6",
  back: "M10 3.5 5.5 8 10 12.5",
  out: "M9.5 2.5h4v4M13.5 2.5 7.5 8.5M11.5 9.5v4h-9v-9h4",
  refresh: "M13 8a5 5 0 1 1-1.5-3.55M13 2.5v3h-3",
  filter: "M2.5 3.5h11L9.5 8.5v4.5l-3-1.5v-3Z",
  columns: "M2.5 3h11v10h-11ZM6.2 3v10M9.9 3v10",
  download: "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M2.5 13.5h11",
  plus: "M8 3v10M3 8h10",
  warning: "M8 2.5 14 13.5H2ZM8 6.5v3.5M8 11.9v.1",
  help: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM6.25 6.5a1.75 1.75 0 1 1 2.5 1.6c-.5.25-.75.6-.75 1.15M8 11.2v.1",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9",
  play: "M5 3.5 12.5 8 5 12.5Z",
  stop: "M4 4h8v8H4Z",
} as const;

export type IconName = keyof typeof SHAPES;

/** A sign beside words: it is never the only thing that says something, so it is not read aloud. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className={styles.icon} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  );
}
