import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, said } from "@/api/client";
import type { ProviderView } from "@/api/schema";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { isSetUp, standingOf } from "../providers/standing";
import styles from "./ProviderStrip.module.css";

/** How every provider that is set up stands, in the last hour. */
export function ProviderStrip() {
  const providers = useQuery({ queryKey: ["providers"], queryFn: () => said(api.GET("/api/providers")) });
  return (
    <Panel title="Providers, in the last hour" aside={<Link href="/providers">All</Link>}>
      <Loaded of={providers}>{({ data }) => <Strip providers={data.filter(isSetUp)} />}</Loaded>
    </Panel>
  );
}

function Strip({ providers }: { providers: readonly ProviderView[] }) {
  if (providers.length === 0)
    return (
      <p>
        Only the demo answers: no provider has a key. <Link href="/providers">Give one a key</Link>
      </p>
    );
  return (
    <ul className={styles.strip}>
      {providers.map((provider) => {
        const { tone, words } = standingOf(provider);
        return (
          <li key={provider.name}>
            <Link href={`/requests?provider=${provider.name}`} className={styles.provider ?? ""}>
              <span className={styles.name}>{provider.name}</span>
              <Status tone={tone}>{words}</Status>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
