import type { CSSProperties } from "react";
import { duration } from "@/format/number";
import { Status } from "@/parts/Status";
import { wordsOf } from "../outcome";
import type { Bar } from "./timeline";
import styles from "./Waterfall.module.css";

interface Props {
  bars: readonly Bar[];
  whole_ms: number;
}

/** Bars on one line of time: pale while the provider was waited for, full while it spoke. */
export function Waterfall({ bars, whole_ms }: Props) {
  return (
    <ol className={styles.rows}>
      {bars.map((bar, place) => (
        <li key={bar.began_ms} className={styles.row}>
          <div className={styles.what}>
            <span className={styles.name}>
              <span className={styles.number}>{place + 1}</span> {bar.label}
            </span>
            <Status tone={bar.outcome === "succeeded" ? "good" : "bad"}>
              {bar.provider_status} {wordsOf(bar.outcome)}
            </Status>
            <span className={styles.times}>{timesOf(bar)}</span>
          </div>
          <div className={styles.track} aria-hidden="true">
            <span className={styles.waited} style={placed(bar.began_ms, bar.ended_ms, whole_ms)} />
            {bar.ended_ms > bar.heard_ms && (
              <span className={styles.spoke} style={placed(bar.heard_ms, bar.ended_ms, whole_ms)} />
            )}
          </div>
        </li>
      ))}
      <li className={styles.scale} aria-hidden="true">
        <span>0</span>
        <span>{duration(whole_ms)}</span>
      </li>
    </ol>
  );
}

function timesOf({ began_ms, heard_ms, ended_ms }: Bar): string {
  const waited = `waited ${duration(heard_ms - began_ms)} from ${duration(began_ms)}`;
  return ended_ms > heard_ms ? `${waited}, then heard ${duration(ended_ms - heard_ms)}` : waited;
}

function placed(from_ms: number, to_ms: number, whole_ms: number): CSSProperties {
  const percent = (ms: number) => `${(100 * Math.min(1, Math.max(0, ms / whole_ms))).toFixed(2)}%`;
  return { insetInlineStart: percent(from_ms), width: percent(to_ms - from_ms) };
}
