import { Select } from "@/parts/Select";
import { MODES, type Mode } from "./modes";

interface Props {
  mode: Mode;
  choose: (mode: Mode) => void;
}

/** What becomes of calls that a budget does not cover. */
export function ModeField({ mode, choose }: Props) {
  return (
    <Select
      label="When it is used up"
      options={MODES}
      value={mode}
      choose={(value) => choose(value as Mode)}
    />
  );
}
