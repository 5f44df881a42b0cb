/** The workspace that all pages are about, as it stands in the address: `?workspace=ws_…`. Pure. */

const NAME = "workspace";

export interface Space {
  workspace?: string;
}

/** What the address says: nothing for all workspaces. As it stands a part of what is asked of the API. */
export function readSpace(search: URLSearchParams): Space {
  const workspace = search.get(NAME);
  return workspace === null || workspace === "" ? {} : { workspace };
}

/** An address that is about the same workspace as the one where one is, unless it names one itself. */
export function inSameSpace(to: string, here: string): string {
  const { workspace } = readSpace(new URLSearchParams(here));
  const [path = "", search = ""] = to.split("?");
  const said = new URLSearchParams(search);
  if (workspace === undefined || said.has(NAME)) return to;
  said.set(NAME, workspace);
  return `${path}?${said}`;
}
