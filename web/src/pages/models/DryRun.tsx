import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useAddress } from "@/address/useAddress";
import { api, said } from "@/api/client";
import { useUsers } from "@/api/names";
import { Button } from "@/parts/Button";
import { Choice } from "@/parts/Choice";
import { Field } from "@/parts/Field";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import styles from "./DryRun.module.css";
import { Explained } from "./Explained";

const MYSELF = "";

/** Who would answer, of whom and at what price, without asking anybody. */
export function DryRun() {
  const { search, change } = useAddress();
  const model = search.get("model") ?? "";
  const user = search.get("user") ?? MYSELF;
  const [typed, type] = useState(model);
  useEffect(() => type(model), [model]);
  const users = useUsers();
  const explained = useQuery({
    queryKey: ["explain", model, user],
    queryFn: ({ signal }) => {
      const query = user === MYSELF ? { model } : { model, user };
      return said(api.GET("/api/routes/explain", { params: { query }, signal }));
    },
    enabled: model !== "",
    retry: false,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change({ model: typed.trim() });
  };
  const who = [{ value: MYSELF, label: "As myself" }].concat(
    (users.data?.data ?? []).map((one) => ({ value: one.id, label: one.name })),
  );
  return (
    <Panel title="Who would answer?">
      <form className={styles.form} onSubmit={submit}>
        <Field
          label="Model or route"
          placeholder="provider/model"
          value={typed}
          onChange={(event) => type(event.target.value)}
        />
        <Choice
          label="Asked by"
          icon="account"
          options={who}
          value={user}
          choose={(chosen) => change({ user: chosen })}
        />
        <Button type="submit" isDisabled={typed.trim() === ""}>
          Look
        </Button>
      </form>
      {model !== "" && <Loaded of={explained}>{(found) => <Explained explained={found} />}</Loaded>}
    </Panel>
  );
}
