import { useState } from "react";
import { href } from "@/address/href";
import type { ProviderView } from "@/api/schema";
import { counted, duration } from "@/format/number";
import { Deeds } from "@/parts/Deeds";
import { Failure } from "@/parts/Failure";
import { Instant } from "@/parts/Instant";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { Switch } from "@/parts/Switch";
import { type Column, Table } from "@/parts/Table";
import { type Deed, deedsOf } from "./deeds";
import { PauseProvider } from "./PauseProvider";
import { isSetUp, standingOf } from "./standing";
import { useProviderDeeds } from "./useProviderDeeds";
import { useProviders } from "./useProviders";

const FACTS: readonly Column<ProviderView>[] = [
  { name: "name", head: "Provider", cell: (row) => row.name },
  { name: "standing", head: "Last hour", cell: standing },
  { name: "why", head: "Paused for", isWide: true, cell: (row) => row.paused?.reason },
  { name: "p95", head: "95 % within", isNumber: true, cell: (row) => row.p95_ms && duration(row.p95_ms) },
  {
    name: "success",
    head: "Last success",
    cell: (row) => row.last_success_at && <Instant at={row.last_success_at} far />,
  },
  {
    name: "failure",
    head: "Last failure",
    cell: (row) => row.last_failure_at && <Instant at={row.last_failure_at} far />,
  },
  { name: "keys", head: "Keys", cell: keysOf },
  { name: "dialect", head: "Dialect", isExtra: true, cell: (row) => row.dialect.replaceAll("_", " ") },
  { name: "models", head: "Models", isExtra: true, cell: modelsOf },
  { name: "url", head: "Address", isExtra: true, cell: (row) => row.base_url },
];

const SHOWN = [
  { value: "used", label: "Set up" },
  { value: "all", label: "All" },
] as const;

/** How each provider stands, those that somebody can use first of all. */
export function Health() {
  const [shown, show] = useState<(typeof SHOWN)[number]["value"]>("used");
  const providers = useProviders();
  const { resume, reset } = useProviderDeeds();
  const [pausing, pause] = useState<string | null>(null);
  const take = (deed: Deed, provider: string) => {
    if (deed === "pause") pause(provider);
    else if (deed === "resume") resume.mutate(provider);
    else reset.mutate(provider);
  };
  const columns: readonly Column<ProviderView>[] = [
    ...FACTS,
    {
      name: "deeds",
      head: "Change",
      cell: (row) => (
        <Deeds
          label={`Change ${row.name}`}
          deeds={deedsOf(row)}
          take={(deed: Deed) => take(deed, row.name)}
        />
      ),
    },
  ];
  const failure = resume.error ?? reset.error;
  return (
    <Panel title="Health" flush aside={<Switch label="Which" options={SHOWN} value={shown} choose={show} />}>
      {failure !== null && <Failure error={failure} />}
      <Loaded of={providers}>
        {({ data }) => (
          <Table
            caption="Providers"
            columns={columns}
            rows={shown === "all" ? data : data.filter(isSetUp)}
            keyOf={(row) => row.name}
            to={(row) => href("/requests", { provider: row.name })}
          />
        )}
      </Loaded>
      <PauseProvider provider={pausing} close={() => pause(null)} />
    </Panel>
  );
}

function standing(provider: ProviderView) {
  const { tone, words } = standingOf(provider);
  return <Status tone={tone}>{words}</Status>;
}

function keysOf({ credentials, has_shared_key }: ProviderView): string {
  const own = credentials === 0 ? [] : [String(credentials)];
  return [...own, ...(has_shared_key ? ["shared"] : [])].join(", ");
}

function modelsOf({ models, models_listed }: ProviderView): string {
  return models_listed === "open"
    ? `${counted(models.length, "known", "known")}, and others`
    : String(models.length);
}
