import { useState } from "react";
import { useAddress } from "@/address/useAddress";
import { Button } from "@/parts/Button";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Switch } from "@/parts/Switch";
import { AsCode } from "./AsCode";
import { bodyOf, isSetting, type Line, PLAIN, type Settings } from "./body";
import { Composer } from "./Composer";
import { ModelField } from "./ModelField";
import styles from "./Playground.module.css";
import { Samples } from "./Samples";
import { SettingFields } from "./SettingFields";
import { Spoken } from "./Spoken";
import { saidOf, useChat } from "./useChat";

const VIEWS = [
  { value: "chat", label: "Chat" },
  { value: "code", label: "Code" },
] as const;

const DEMO = "demo/echo";

interface Props {
  first: readonly Line[];
  typed: string;
  system: string;
  model?: string | null;
  note?: string | null;
}

export function Playground({ first, typed: firstTyped, system, model: asked, note = null }: Props) {
  const { search, change } = useAddress();
  const model = search.get("model") ?? asked ?? DEMO;
  const [view, look] = useState<(typeof VIEWS)[number]["value"]>("chat");
  const [settings, set] = useState<Settings>({ ...PLAIN, system });
  const [typed, type] = useState(firstTyped);
  const chat = useChat(first);

  const { system: _, ...numbers } = settings;
  const isReady = model !== "" && Object.values(numbers).every(isSetting) && !chat.isAnswering;
  const body = (lines: readonly Line[]) => bodyOf(model, settings, lines);
  const say = (words: string) => {
    type("");
    void chat.say(words, body);
  };
  const lines = saidOf(chat.exchanges);
  const next = typed.trim() === "" ? lines : [...lines, { role: "user", content: typed.trim() }];
  return (
    <Page
      title="Playground"
      beside={note}
      actions={
        <>
          <Switch label="View" options={VIEWS} value={view} choose={look} />
          <Button
            icon="trash"
            isDisabled={chat.exchanges.length === 0 || chat.isAnswering}
            onPress={chat.clear}
          >
            Begin anew
          </Button>
        </>
      }
    >
      <div className={styles.columns}>
        {view === "code" ? (
          <AsCode body={body(next)} model={model} />
        ) : (
          <Panel flush>
            {chat.exchanges.length === 0 ? (
              <Samples choose={type} />
            ) : (
              <div className={styles.talk} role="log" aria-label="The talk" aria-busy={chat.isAnswering}>
                <ol>
                  {chat.exchanges.map((exchange, place) => (
                    <Spoken
                      key={exchange.id}
                      exchange={exchange}
                      isBeingSaid={chat.isAnswering && place === chat.exchanges.length - 1}
                      again={isReady ? () => void chat.again(exchange.id, body) : null}
                      edit={
                        isReady
                          ? () => {
                              type(exchange.content);
                              chat.backTo(exchange.id);
                            }
                          : null
                      }
                    />
                  ))}
                </ol>
              </div>
            )}
            <Composer
              typed={typed}
              type={type}
              say={isReady ? say : null}
              stop={chat.isAnswering ? chat.stop : null}
            />
          </Panel>
        )}
        <div className={styles.side}>
          <div className={styles.model}>
            <Panel title="Asked of">
              <ModelField model={model} choose={(chosen) => change({ model: chosen })} />
            </Panel>
          </div>
          <Panel title="Settings">
            <SettingFields settings={settings} set={set} />
          </Panel>
        </div>
      </div>
    </Page>
  );
}
