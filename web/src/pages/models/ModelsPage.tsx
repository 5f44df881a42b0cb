import { Page } from "@/parts/Page";
import { DryRun } from "./DryRun";
import { Prices } from "./Prices";
import { Routes } from "./Routes";

/** What can be called, at which price, and where it goes. */
export default function ModelsPage() {
  return (
    <Page title="Models & routing">
      <Routes />
      <DryRun />
      <Prices />
    </Page>
  );
}
