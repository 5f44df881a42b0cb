import { type FormEvent, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { Icon } from "@/parts/Icon";
import { useShortcut } from "@/shortcuts/useShortcut";
import styles from "./FilterBox.module.css";
import { type FilterName, type Filters, parseFilters, writeFilters } from "./filters";

interface Props {
  names: readonly FilterName[];
  filters: Filters;
  change: (filters: Filters) => void;
}

/** All filters in one line, typed or made by clicking. A request's id opens that request. */
export function FilterBox({ names, filters, change }: Props) {
  const written = writeFilters(filters);
  const [text, type] = useState(written);
  const [complaint, complain] = useState<string | null>(null);
  const [, navigate] = useLocation();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => type(written), [written]);
  useShortcut("/", "Filter", () => input.current?.focus());

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (/^req_\S+$/.test(text.trim())) {
      navigate(`/requests/${text.trim()}`);
      return;
    }
    const typed = parseFilters(text, names);
    complain(typed.complaint);
    if (typed.complaint === null) change(typed.filters);
  };
  return (
    <search className={styles.search}>
      <form onSubmit={submit}>
        <Icon name="filter" />
        <input
          ref={input}
          className={styles.input}
          aria-label="Filter"
          aria-invalid={complaint !== null}
          aria-describedby="filter-complaint"
          placeholder={`${names.map((name) => `${name}:`).join(" ")} or an id`}
          value={text}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => type(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && input.current?.blur()}
        />
        <p id="filter-complaint" className={styles.complaint} aria-live="polite">
          {complaint}
        </p>
      </form>
    </search>
  );
}
