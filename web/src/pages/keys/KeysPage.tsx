import { useAddress } from "@/address/useAddress";
import { Everybody } from "./Everybody";
import { Person } from "./Person";

/** Who may call, with which keys, how much at once. */
export default function KeysPage() {
  const { search } = useAddress();
  const user = search.get("user");
  return user === null ? <Everybody /> : <Person key={user} id={user} />;
}
