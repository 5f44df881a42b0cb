import { useAddress } from "@/address/useAddress";
import { FromRequest } from "./FromRequest";
import { Playground } from "./Playground";

/** Whether a model does what one wants, through this gateway. */
export default function PlaygroundPage() {
  const { search } = useAddress();
  const from = search.get("from");
  return from === null ? <Playground first={[]} typed="" system="" /> : <FromRequest key={from} id={from} />;
}
