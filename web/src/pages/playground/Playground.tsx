import { useState } from "react";
import { useAddress } from "@/address/useAddress";
import { Button } from "@/parts/Button";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Switch } from "@/parts/Switch";
import { AsCode } from "../requests/detail/AsCode";
import type { Repeatable } from "../requests/detail/asCode";
import type { Attached } from "./attached";
import { BriefFields } from "./BriefFields";
import type { Beginning } from "./beginning";
import { areSettings, bodyOf, complaintAboutSchema, complaintAboutTools } from "./body";
import { Composer } from "./Composer";
import { conversationOf } from "./conversation";
import { type Exchange, saidOf } from "./exchange";
import type { Line } from "./line";
import { ModelPane } from "./ModelPane";
import styles from "./Playground.module.css";
import type { Pane } from "./panes";
import { Samples } from "./Samples";
import { type Side, useSides } from "./useSides";

const VIEWS = [
  { value: "chat", label: "Chat" },
  { value: "code", label: "Code" },
] as const;

interface Props {
  beginning: Beginning;
  note: string | null;
}

/** One to three models, and what is said to all of them at once. */
export function Playground({ beginning, note }: Props) {
  const { search, change } = useAddress();
  const { sides, set, add, remove } = useSides(beginning.lines);
  const [brief, tell] = useState(beginning.brief);
  const [typed, type] = useState(beginning.typed);
  const [files, attach] = useState<readonly Attached[]>(beginning.files);

  const view = search.get("view") === "code" ? "code" : "chat";
  const isAnswering = sides.some(({ talk }) => talk.isAnswering);
  const hasBegun = sides.some(({ talk }) => talk.exchanges.length > 0);
  const isReady =
    !isAnswering &&
    sides.every(({ pane }) => areSettings(pane)) &&
    complaintAboutTools(brief.tools) === null &&
    complaintAboutSchema(brief.schema) === null;
  const bodyFor = (pane: Pane) => (lines: readonly Line[]) => bodyOf(pane, brief, lines);
  const logged =
    beginning.logged === null ? null : { place: beginning.lines.length + 1, text: beginning.logged };

  const lineOf = (content: string): Line => ({ role: "user", content, ...(files.length > 0 && { files }) });
  const say = (content: string) => {
    type("");
    attach([]);
    for (const { pane, talk } of sides) void talk.say([lineOf(content)], bodyFor(pane));
  };
  /** Takes a turn back, from everybody's talk, so that all hear the new words. */
  const edit = (side: Side, exchange: Exchange) => {
    const turn = side.talk.exchanges.indexOf(exchange);
    type(exchange.content);
    attach(exchange.files ?? []);
    for (const { talk } of sides) talk.take(talk.exchanges.slice(0, turn));
  };
  const nextOf = ({ talk }: Side) => {
    const isSaid = typed.trim() !== "" || files.length > 0;
    return [...saidOf(talk.exchanges), ...(isSaid ? [lineOf(typed.trim())] : [])];
  };
  return (
    <Page
      title="Playground"
      beside={note}
      actions={
        <>
          <Switch
            label="View"
            options={VIEWS}
            value={view}
            choose={(chosen) => change({ view: chosen === "code" ? "code" : null })}
          />
          <Button icon="plus" isDisabled={add === null || isAnswering} onPress={() => add?.()}>
            Compare
          </Button>
          <Button
            icon="trash"
            isDisabled={!hasBegun || isAnswering}
            onPress={() => {
              for (const { talk } of sides) talk.take([]);
            }}
          >
            Begin anew
          </Button>
        </>
      }
    >
      <div className={styles.columns} data-panes={sides.length}>
        <div className={styles.main}>
          <div className={styles.panes} data-panes={sides.length}>
            {sides.map((side) =>
              view === "code" ? (
                <AsCode
                  key={side.place}
                  request={repeatable(side.pane.model, bodyFor(side.pane)(nextOf(side)))}
                />
              ) : (
                <ModelPane
                  key={side.place}
                  side={side}
                  set={(pane) => set(side.place, pane)}
                  remove={sides.length === 1 ? null : () => remove(side.place)}
                  bodyOf={bodyFor(side.pane)}
                  conversation={() => conversationOf(side.pane, brief, saidOf(side.talk.exchanges))}
                  edit={(exchange) => edit(side, exchange)}
                  logged={logged}
                  isReady={isReady}
                />
              ),
            )}
          </div>
          {view === "chat" && (
            <Panel flush>
              {!hasBegun && beginning.typed === "" && <Samples choose={type} />}
              <Composer
                typed={typed}
                type={type}
                files={files}
                attach={attach}
                say={isReady ? say : null}
                stop={
                  isAnswering
                    ? () => {
                        for (const { talk } of sides) talk.stop();
                      }
                    : null
                }
              />
            </Panel>
          )}
        </div>
        <div className={styles.side}>
          <Panel title="Told to all">
            <BriefFields brief={brief} set={tell} />
          </Panel>
        </div>
      </div>
    </Page>
  );
}

/** What would be asked next, as if it had been. */
function repeatable(model: string, body: object): Repeatable {
  const payload = { request: JSON.stringify(body, null, 2) };
  return { surface: "chat.completions", asked_model: model, stream: true, payload };
}
