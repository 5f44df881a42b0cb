import type { ReactNode } from "react";
import { Link } from "wouter";
import styles from "./Table.module.css";

export interface Column<T> {
  name: string;
  head: string;
  cell: (row: T) => ReactNode;
  /** Numbers stand at the right. */
  isNumber?: boolean;
  /** Left out where there is little room. */
  isExtra?: boolean;
  /** Long texts: they break, and what stands beside them does not. */
  isWide?: boolean;
}

interface Props<T> {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** Where a row leads, if anywhere: its first cell is the link, and all of the row can be pressed. */
  to?: (row: T) => string | null;
  /** Which one is looked at. */
  chosen?: string | null;
}

/** Rows of data, dense. Where the screen is narrow each becomes a card. */
export function Table<T>({ caption, columns, rows, keyOf, to, chosen = null }: Props<T>) {
  return (
    <div className={styles.frame}>
      <table className={styles.table}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" className={classOf(column)}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={keyOf(row)}
              data-key={keyOf(row)}
              aria-current={keyOf(row) === chosen ? "true" : undefined}
            >
              {columns.map((column, place) => (
                <td key={column.name} className={classOf(column)} data-head={column.head}>
                  {place === 0 ? <Led to={to?.(row) ?? null}>{column.cell(row)}</Led> : column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Led({ to, children }: { to: string | null; children: ReactNode }) {
  if (to === null) return children;
  return (
    <Link href={to} className={styles.whole ?? ""}>
      {children}
    </Link>
  );
}

function classOf<T>(column: Column<T>): string {
  return `${column.isNumber === true ? styles.number : ""} ${column.isExtra === true ? styles.extra : ""} ${column.isWide === true ? styles.wide : ""}`;
}
