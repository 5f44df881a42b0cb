import { useQuery } from "@tanstack/react-query";
import { useAddress } from "@/address/useAddress";
import { api, said } from "@/api/client";
import { Button } from "@/parts/Button";
import { Code } from "@/parts/Code";
import { Empty } from "@/parts/Empty";
import { Loaded } from "@/parts/Loaded";
import { Panel } from "@/parts/Panel";
import { Candidates } from "./Candidates";
import styles from "./Routes.module.css";

const EXAMPLE = `[routes.smart]
candidates = ["anthropic/claude-sonnet-4-5", "openai/gpt-4.1"]
strategy = "fallback"`;

/** The aliases: a name for several models, of which another answers when one cannot. */
export function Routes() {
  const routes = useQuery({ queryKey: ["routes"], queryFn: () => said(api.GET("/api/routes")) });
  const { change } = useAddress();
  return (
    <Panel title="Routes">
      <Loaded of={routes}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="There are no routes yet.">
              <p>A route is a name for several models. It stands in the configuration file:</p>
              <Code label="tollhouse.toml" text={EXAMPLE} />
            </Empty>
          ) : (
            <ul className={styles.routes}>
              {data.map((route) => (
                <li key={route.name} className={styles.route}>
                  <span className={styles.name}>{route.name}</span>
                  <span className={styles.strategy}>{route.strategy.replaceAll("_", " ")}</span>
                  <Candidates route={route} />
                  <Button look="quiet" icon="right" onPress={() => change({ model: route.name })}>
                    Try it
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
