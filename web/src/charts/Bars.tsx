import { useState } from "react";
import { Link } from "wouter";
import styles from "./Bars.module.css";
import { BarsTable } from "./BarsTable";
import type { Bar } from "./bar";
import { Legend, type LegendEntry } from "./Legend";
import { isLabelled, roundEnd } from "./scale";

interface Props {
  bars: readonly Bar[];
  /** Writes a number of the axis. */
  write: (size: number) => string;
  height?: number;
  legend?: readonly LegendEntry[];
}

/**
 * Bars beside one another, each a link to the rows behind it, with in words what the pointer is at. For the eye and the
 * mouse alone: for everybody else the same stands below as a table.
 */
export function Bars({ bars, write, height = 180, legend }: Props) {
  const [at, look] = useState<string | null>(null);
  const end = roundEnd(Math.max(...bars.map(sizeOf), 0));
  const looked = bars.find((bar) => bar.key === at);
  return (
    <>
      <div className={styles.chart} aria-hidden="true">
        <p className={styles.words}>{looked?.words}</p>
        <div
          className={styles.plot}
          data-crowd={crowdOf(bars.length)}
          style={{ height }}
          onPointerLeave={() => look(null)}
        >
          <span className={styles.end}>{write(end)}</span>
          <span className={styles.half}>{write(end / 2)}</span>
          {bars.map((bar) => (
            <Link
              key={bar.key}
              href={bar.to}
              tabIndex={-1}
              className={styles.bar ?? ""}
              onPointerEnter={() => look(bar.key)}
            >
              {bar.parts.map((part) => (
                <span
                  key={part.shade}
                  className={styles.part}
                  data-shade={part.shade}
                  style={{ height: `${(100 * part.size) / end}%` }}
                />
              ))}
            </Link>
          ))}
        </div>
        <div className={styles.labels}>
          {bars.map((bar, place) => (
            <span key={bar.key}>{isLabelled(place, bars.length) && <span>{bar.label}</span>}</span>
          ))}
        </div>
      </div>
      {legend !== undefined && <Legend entries={legend} />}
      <BarsTable bars={bars} />
    </>
  );
}

function sizeOf(bar: Bar): number {
  return bar.parts.reduce((sum, part) => sum + part.size, 0);
}

function crowdOf(length: number): "few" | "some" | "many" {
  if (length <= 16) return "few";
  return length <= 45 ? "some" : "many";
}
