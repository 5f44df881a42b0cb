import { Link } from "wouter";
import { Fact } from "@/parts/Fact";
import { Facts } from "@/parts/Facts";
import { Panel } from "@/parts/Panel";

/** Three things are called a key; this tells them apart. */
export function KindsOfKeys() {
  return (
    <Panel title="Which key is which" aside={<Link href="/providers">Keys of providers</Link>}>
      <Facts>
        <Fact name="A user's token">
          What an application sends here as its API key. It is kept as a digest only, so it is shown once.
        </Fact>
        <Fact name="The admin token">
          A token with the scope <code>admin:*</code>: it manages, and calls no model unless it may also do
          that.
        </Fact>
        <Fact name="A provider's key">
          What the gateway sends on to a provider. It never leaves the gateway again.
        </Fact>
      </Facts>
    </Panel>
  );
}
