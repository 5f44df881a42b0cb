import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { href } from "@/address/href";
import { api, said } from "@/api/client";
import type { PriceView } from "@/api/schema";
import { count, counted } from "@/format/number";
import { Button } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { Instant } from "@/parts/Instant";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { type Column, Table } from "@/parts/Table";
import { Rate } from "./Rate";

const COLUMNS: readonly Column<PriceView>[] = [
  { name: "model", head: "Model", cell: (row) => `${row.provider}/${row.model}` },
  { name: "in", head: "$ in / M", isNumber: true, cell: (row) => <Rate rate={row.input_usd_per_million} /> },
  {
    name: "cached",
    head: "cached",
    isNumber: true,
    cell: (row) => row.input_cached_usd_per_million && <Rate rate={row.input_cached_usd_per_million} />,
  },
  {
    name: "out",
    head: "$ out / M",
    isNumber: true,
    cell: (row) => <Rate rate={row.output_usd_per_million} />,
  },
  {
    name: "context",
    head: "Context",
    isNumber: true,
    isExtra: true,
    cell: (row) => row.context_tokens && count(row.context_tokens),
  },
  { name: "source", head: "Source", isExtra: true, cell: (row) => row.version },
  {
    name: "at",
    head: "Taken",
    isExtra: true,
    cell: (row) => row.imported_at && <Instant at={row.imported_at} far />,
  },
];

/** The prices that were needed so far, each with where it comes from. */
export function Prices() {
  const queries = useQueryClient();
  const prices = useQuery({ queryKey: ["prices"], queryFn: () => said(api.GET("/api/prices")) });
  const refreshing = useMutation({
    mutationFn: () => said(api.POST("/api/prices/refresh")),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["prices"] }),
  });
  const told = refreshing.data && `${counted(refreshing.data.dropped, "price")} will be looked up anew`;
  return (
    <Panel
      title="Prices"
      flush
      aside={
        <>
          <span aria-live="polite">{told} </span>
          <Button
            look="quiet"
            icon="refresh"
            isDisabled={refreshing.isPending}
            onPress={() => refreshing.mutate()}
          >
            Import anew
          </Button>
        </>
      }
    >
      {refreshing.error !== null && <Failure error={refreshing.error} />}
      <Loaded of={prices}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No price was needed yet.">
              <p>
                A model's price is looked up when it is first asked, or is given in the configuration file.
              </p>
            </Empty>
          ) : (
            <Table
              caption="Prices in force"
              columns={COLUMNS}
              rows={data}
              keyOf={(row) => `${row.provider}/${row.model}`}
              to={(row) => href("/requests", { model: `${row.provider}/${row.model}` })}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}
