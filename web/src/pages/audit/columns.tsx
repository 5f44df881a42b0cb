import type { DeedView } from "@/api/schema";
import { Instant } from "@/parts/Instant";
import type { Column } from "@/parts/Table";
import { Actor } from "./Actor";
import { DeedFacts } from "./DeedFacts";
import { Subject } from "./Subject";

export const COLUMNS: readonly Column<DeedView>[] = [
  { name: "at", head: "Time", cell: (deed) => <Instant at={deed.at} /> },
  { name: "actor", head: "By", cell: (deed) => <Actor actor={deed.actor} /> },
  { name: "deed", head: "Deed", cell: (deed) => deed.deed.replaceAll(".", " ") },
  { name: "subject", head: "To", cell: (deed) => <Subject subject={deed.subject} /> },
  { name: "facts", head: "What", isWide: true, cell: (deed) => <DeedFacts facts={deed.facts} /> },
];
