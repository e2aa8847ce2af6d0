// To the OpenID provider and back: the page is left, and comes back to the view it was at, or to why nobody is signed in.

const KEPT = "ahual.back";
/** Why, in the API's words; the page has a sentence for each. */
const REASONS = [
  "unknown_user",
  "no_provider",
  "provider_away",
  "provider_refused",
  "sign_on_cancelled",
  "sign_on_expired",
] as const;
export type Reason = (typeof REASONS)[number] | "other";

export interface Return {
  /** Query and fragment of the view that was left; null: what is in the address stays. */
  view: string | null;
  /** Why the sign-in failed; null: it did not. */
  reason: Reason | null;
}

/** What the address `search` + `hash` says of a way back, when `kept` was left. Only a view of this page is returned to. */
export function returned(search: string, hash: string, kept: string | null): Return {
  const query = new URLSearchParams(search);
  const given = query.get("sign_in");
  const reason = given === null ? null : (REASONS.find((one) => one === given) ?? "other");
  query.delete("sign_in");
  if (!query.size && !hash && kept && /^(\?[^#]*)?#\//.test(kept)) return { view: kept, reason };
  return { view: reason && `?${query}${hash}`, reason };
}

/** The page is left for the provider. */
export function leave(): void {
  try {
    sessionStorage.setItem(KEPT, `${location.search}${location.hash || "#/"}`);
  } catch {
    // One comes back to the start.
  }
}

/** The page was come to: perhaps from the provider. */
export function comeBack(): Return {
  let kept: string | null = null;
  try {
    kept = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
  } catch {
    // Nothing was kept.
  }
  return returned(location.search, location.hash, kept);
}
