import { type FormEvent, useEffect, useRef, useState } from "react";
import { Button } from "@/parts/Button";
import field from "@/parts/Field.module.css";
import { useShortcut } from "@/shortcuts/useShortcut";
import styles from "./SearchBox.module.css";

/** Words to be looked for; they are looked for when one is done writing them. */
export function SearchBox({ words, look }: { words: string; look: (words: string) => void }) {
  const [typed, type] = useState(words);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => type(words), [words]);
  useShortcut("/", "Search", () => input.current?.focus());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    look(typed.trim());
  };
  return (
    <search className={styles.search}>
      <form className={styles.form} onSubmit={submit}>
        <input
          ref={input}
          type="search"
          className={field.input}
          aria-label="Words in titles and messages"
          placeholder="Words in titles and messages"
          maxLength={500}
          value={typed}
          onChange={(event) => {
            type(event.target.value);
            if (event.target.value === "") look("");
          }}
        />
        <Button type="submit" icon="search">
          Search
        </Button>
      </form>
    </search>
  );
}
