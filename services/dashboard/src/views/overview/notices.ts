// Notices as the page lists them.
import type { Schemas } from "../../api/client.ts";

/** The newest of each rule and subject; it is out when one way took it. The API gives the newest first, one for each way. */
export function distinct(notices: readonly Schemas["Notice"][]): Schemas["Notice"][] {
  const found = new Map<string, Schemas["Notice"]>();
  for (const notice of notices) {
    const key = JSON.stringify([notice.rule, notice.subject]);
    const known = found.get(key);
    if (!known) found.set(key, notice);
    else if (known.at === notice.at && !known.sent_at && notice.sent_at) found.set(key, notice);
  }
  return [...found.values()];
}
