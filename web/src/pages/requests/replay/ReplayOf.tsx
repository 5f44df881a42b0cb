import { Link } from "wouter";
import { useAddress } from "@/address/useAddress";
import type { RequestView } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import { LinkButton } from "@/parts/LinkButton";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { Status } from "@/parts/Status";
import { useShortcut } from "@/shortcuts/useShortcut";
import { ModelField } from "../../playground/ModelField";
import { isHidden, Reveal } from "../detail/Reveal";
import { answerIn } from "../detail/talk";
import { Compared } from "./Compared";
import styles from "./ReplayOf.module.css";
import { isRedacted, repeatOf } from "./repeat";
import { useReplay } from "./useReplay";

/** Whom to ask, the call itself, and what came of it; nothing is asked before somebody says so, because it costs. */
export function ReplayOf({ request }: { request: RequestView }) {
  const { search, change } = useAddress();
  const model = search.get("model") ?? request.asked_model ?? "";
  const other = search.get("with");
  const { replay, start, stop } = useReplay((id) => change({ with: id }));
  useShortcut("Escape", "Back", () => window.history.back());
  const repeat = repeatOf(request, model);
  const isWrong = typeof repeat === "string";
  return (
    <Page
      title="Replay"
      beside={
        <>
          of <Link href={`/requests/${request.id}`}>{request.id}</Link>
        </>
      }
      actions={
        <LinkButton to={`/playground?from=${request.id}`} icon="playground">
          Edit in the playground
        </LinkButton>
      }
    >
      <Panel>
        <div className={styles.call}>
          <ModelField model={model} choose={(chosen) => change({ model: chosen })} />
          {stop === null ? (
            <Button
              look="primary"
              icon="play"
              isDisabled={isWrong || model === ""}
              onPress={() => isWrong || void start(repeat)}
            >
              {other === null ? "Ask again" : "Once more"}
            </Button>
          ) : (
            <Button look="danger" icon="stop" onPress={stop}>
              Stop
            </Button>
          )}
        </div>
        <p className={styles.note}>
          {isWrong
            ? `This cannot be asked again as it is: ${repeat}`
            : "It is asked as you: your limits, budgets and credentials hold, and it stands in the log. What is kept of answers is passed over."}
          {isRedacted(request) &&
            " Secrets were taken out of what it asked, so it is not the same to the letter."}
        </p>
        <p role="status">
          {replay?.state === "speaking" && <Status tone="busy">answering</Status>}
          {replay?.state === "stopped" && <Status tone="idle">stopped</Status>}
        </p>
        {replay?.error && <Failure error={replay.error} />}
        {replay?.state === "speaking" && replay.body !== "" && (
          <p className={styles.words}>{answerIn(replay.body)}</p>
        )}
      </Panel>
      {isHidden(request) && (
        <Panel>
          <Reveal request={request} />
        </Panel>
      )}
      {other !== null && (
        <Compared
          before={request}
          id={other}
          heard={replay?.request === other && replay.state !== "failed" ? replay.body : null}
        />
      )}
    </Page>
  );
}
