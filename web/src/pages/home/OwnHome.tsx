import { useQuery } from "@tanstack/react-query";
import { useRange } from "@/address/useRange";
import { api, said } from "@/api/client";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Waiting } from "@/parts/Waiting";
import { useReport } from "../requests/useReport";
import { OwnBudgets } from "./OwnBudgets";
import { OwnLimits } from "./OwnLimits";
import { Tiles } from "./Tiles";

const LOOK_EVERY_MS = 60_000;

/** Of whoever is signed in. */
export function OwnHome() {
  const report = useReport({ ofAll: false, filters: {}, range: useRange() }, LOOK_EVERY_MS);
  const me = useQuery({ queryKey: ["me"], queryFn: () => said(api.GET("/api/me")) });
  return (
    <Page title="Home">
      <Loaded of={report} waiting={<Waiting height={160} />}>
        {(told) => <Tiles report={told} ofAll={false} />}
      </Loaded>
      <Loaded of={me}>
        {({ budgets, limits }) => (
          <>
            <OwnBudgets budgets={budgets} />
            <OwnLimits limits={limits} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
