import { useAddress } from "@/address/useAddress";
import type { MessageView } from "@/api/schema";
import { counted } from "@/format/number";
import { Choice } from "@/parts/Choice";
import { useBranches } from "./useThread";

const TIP = "";
const MOST_LETTERS = 48;

/** Where somebody edited or asked again, a conversation goes on in several ways; one of them is looked at. */
export function Branches({ id }: { id: string }) {
  const { search, change } = useAddress();
  const ends = useBranches(id).data?.data ?? [];
  if (ends.length < 2) return null;
  const branch = search.get("branch") ?? TIP;
  return (
    <Choice
      label="Branch"
      options={[
        { value: TIP, label: "The one that goes on" },
        ...ends.map((end, place) => ({ value: end.id, label: `${ends.length - place}: ${wordsOf(end)}` })),
      ]}
      value={branch}
      shown={branch === TIP ? counted(ends.length, "branch", "branches") : shownOf(ends, branch)}
      choose={(value) => change({ branch: value })}
    />
  );
}

function shownOf(ends: readonly MessageView[], branch: string): string {
  const place = ends.findIndex((end) => end.id === branch);
  return place < 0 ? "Up to one message" : `Branch ${ends.length - place} of ${ends.length}`;
}

function wordsOf({ content, role }: MessageView): string {
  const words = content
    .map((part) => (part.type === "text" ? part.text : ""))
    .join(" ")
    .trim();
  if (words === "") return role;
  return words.length > MOST_LETTERS ? `${words.slice(0, MOST_LETTERS)}…` : words;
}
