import { useAddress } from "@/address/useAddress";
import { Everybody } from "./Everybody";
import { OfToken } from "./OfToken";
import { Person } from "./Person";

/** Who may call, with which keys, how much at once. */
export default function KeysPage() {
  const { search } = useAddress();
  const user = search.get("user");
  const token = search.get("token");
  if (user !== null) return <Person key={user} id={user} />;
  return token === null ? <Everybody /> : <OfToken key={token} id={token} />;
}
