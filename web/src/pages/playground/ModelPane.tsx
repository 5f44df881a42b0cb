import type { Imported } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Folded } from "@/parts/Folded";
import { Panel } from "@/parts/Panel";
import { useSession } from "@/session/useSession";
import { areSettings } from "./body";
import type { Exchange } from "./exchange";
import { KeepTalk } from "./KeepTalk";
import type { Line } from "./line";
import { ModelField } from "./ModelField";
import styles from "./ModelPane.module.css";
import type { Pane } from "./panes";
import { SettingFields } from "./SettingFields";
import { Spoken } from "./Spoken";
import type { Side } from "./useSides";

interface Props {
  side: Side;
  set: (pane: Pane) => void;
  /** Null while it is the only one. */
  remove: (() => void) | null;
  /** The talk, as it would be kept. */
  conversation: () => Imported;
  bodyOf: (lines: readonly Line[]) => object;
  edit: (exchange: Exchange) => void;
  /** What was answered once to the same, where one began with a logged request. */
  logged: { place: number; text: string } | null;
  /** Whether something can be said: nobody speaks, and all that goes along is right. */
  isReady: boolean;
}

/** One model with its settings, and the talk with it. */
export function ModelPane({ side, set, remove, conversation, bodyOf, edit, logged, isReady }: Props) {
  const { pane, talk } = side;
  const { scopes } = useSession().session;
  const { exchanges, isAnswering } = talk;
  const last = exchanges.length - 1;
  return (
    <Panel flush>
      <div className={styles.head}>
        <ModelField model={pane.model} choose={(model) => set({ ...pane, model })} />
        <Folded title={`Settings${areSettings(pane) ? "" : ": not all are numbers"}`}>
          <SettingFields pane={pane} set={set} />
        </Folded>
        <div className={styles.deeds}>
          {isAnswering && (
            <Button look="quiet" icon="stop" aria-label={`Stop ${pane.model}`} onPress={talk.stop}>
              Stop this one
            </Button>
          )}
          {remove !== null && (
            <Button
              look="quiet"
              icon="close"
              aria-label={`Take ${pane.model} away`}
              isDisabled={!isReady}
              onPress={remove}
            />
          )}
        </div>
      </div>
      {exchanges.length > 0 && (
        <div role="log" aria-label={`The talk with ${pane.model}`} aria-busy={isAnswering}>
          <ol>
            {exchanges.map((exchange, place) => (
              <Spoken
                key={exchange.id}
                exchange={exchange}
                isBeingSaid={isAnswering && place === last}
                logged={logged?.place === place ? logged.text : null}
                again={isReady ? () => void talk.again(exchange.id, bodyOf) : null}
                edit={isReady ? () => edit(exchange) : null}
                handOver={isReady && place === last ? (lines) => void talk.say(lines, bodyOf) : null}
              />
            ))}
          </ol>
        </div>
      )}
      {exchanges.length > 0 && isReady && scopes.includes("conversations:write") && (
        <div className={styles.foot}>
          <KeepTalk key={exchanges.at(-1)?.id} conversation={conversation} />
        </div>
      )}
    </Panel>
  );
}
