import { Link } from "wouter";
import { Empty } from "@/parts/Empty";
import { Page } from "@/parts/Page";

export function NotThere() {
  return (
    <Page title="Not here">
      <Empty title="There is no such page, or it is not one of yours.">
        <Link href="/">To the first page</Link>
      </Empty>
    </Page>
  );
}
