import type { RequestView } from "@/api/schema";
import { askedOtherwise, servedBy } from "./outcome";
import styles from "./ServedModel.module.css";

/** Which model answered, and after what was asked where that is another name. */
export function ServedModel({ request }: { request: RequestView }) {
  const asked = askedOtherwise(request);
  const served = servedBy(request);
  return (
    <span className={styles.model}>
      {asked !== null && <span className={styles.asked}>{asked}</span>}
      {asked !== null && served !== null && <span aria-hidden="true"> → </span>}
      {served}
    </span>
  );
}
