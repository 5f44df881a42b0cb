import { useEffect } from "react";
import { useAddress } from "@/address/useAddress";
import { Loaded } from "@/parts/Loaded";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { isHidden, Reveal } from "../requests/detail/Reveal";
import { useRequest } from "../requests/detail/useRequest";
import { beginningOf } from "./beginning";
import { Playground } from "./Playground";
import { writtenPanes } from "./panes";

/** Begins with what a logged request asked: its last words are ready to be sent again. */
export function FromRequest({ id }: { id: string }) {
  const query = useRequest(id);
  const isHiddenYet = query.data !== undefined && isHidden(query.data);
  const { search, change } = useAddress();
  const isNamed = search.has("model");
  const beginning = query.data && beginningOf(query.data);
  // Whom it asked is put into the address once; from then on that counts.
  useEffect(() => {
    if (beginning !== undefined && !isHiddenYet && !isNamed) change(writtenPanes([beginning.pane]));
  });
  if (query.data !== undefined && isHiddenYet) {
    return (
      <Page title="Playground" beside={`From ${id}`}>
        <Panel>
          <Reveal request={query.data} />
        </Panel>
      </Page>
    );
  }
  if (beginning === undefined || !isNamed)
    return <Page title="Playground">{<Loaded of={query}>{() => null}</Loaded>}</Page>;
  return (
    <Playground
      beginning={beginning}
      note={beginning.isKept ? `From ${id}` : `What ${id} asked is not kept, so only its model is known.`}
    />
  );
}
