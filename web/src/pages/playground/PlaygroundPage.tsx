import { useAddress } from "@/address/useAddress";
import { AFRESH } from "./beginning";
import { FromRequest } from "./FromRequest";
import { Playground } from "./Playground";

/** Whether a model does what one wants, through this gateway. */
export default function PlaygroundPage() {
  const { search } = useAddress();
  const from = search.get("from");
  return from === null ? <Playground beginning={AFRESH} note={null} /> : <FromRequest key={from} id={from} />;
}
