import { useEffect, useId, useState } from "react";
import { Field } from "@/parts/Field";
import { useModels } from "./useModels";

/** Which model is asked: one of those that there are, or any other by its name. */
export function ModelField({ model, choose }: { model: string; choose: (model: string) => void }) {
  const models = useModels().data ?? [];
  const [typed, type] = useState(model);
  const list = useId();
  useEffect(() => type(model), [model]);
  return (
    <>
      <Field
        label="Model or route"
        list={list}
        value={typed}
        onChange={(event) => {
          type(event.target.value);
          if (models.includes(event.target.value)) choose(event.target.value);
        }}
        onBlur={() => (typed.trim() === "" ? type(model) : choose(typed.trim()))}
      />
      <datalist id={list}>
        {models.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
