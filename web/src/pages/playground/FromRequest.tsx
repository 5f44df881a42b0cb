import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { readAsked } from "../requests/detail/talk";
import { useRequest } from "../requests/detail/useRequest";
import { Playground } from "./Playground";

/** Begins with what a logged request asked: its last words are ready to be sent again. */
export function FromRequest({ id }: { id: string }) {
  const query = useRequest(id);
  const request = query.data;
  if (request === undefined)
    return <Page title="Playground">{<Loaded of={query}>{() => null}</Loaded>}</Page>;
  const asked = readAsked(request.payload?.request ?? "");
  const system = asked.filter((said) => said.role === "system").map((said) => said.text);
  const lines = asked
    .filter((said) => said.role === "user" || said.role === "assistant")
    .map((said) => ({ role: said.role, content: said.text }));
  const last = lines.at(-1)?.role === "user" ? lines.pop() : undefined;
  return (
    <Playground
      first={lines}
      typed={last?.content ?? ""}
      system={system.join("\n\n")}
      model={request.asked_model}
      note={asked.length === 0 ? `What ${id} asked is not kept, so only its model is known.` : null}
    />
  );
}
