// What the parts of this view share.
import type { Schemas } from "../../api/client.ts";
import { clock } from "../../live/clock.svelte.ts";

export type Source = Schemas["Source"];
export type State = Source["state"];

/** What becomes of a record, in the order of the sum. */
export const OUTCOMES = ["stored", "duplicate", "rejected", "skipped"] as const;
/** From the worst on. */
export const STATES = ["silent", "frozen", "drifting", "live"] as const satisfies readonly State[];
export const TONE: Record<State, "good" | "warn" | "bad"> = {
  live: "good",
  silent: "bad",
  frozen: "warn",
  drifting: "warn",
};

export interface Dated<T> {
  known: T;
  /** When the answer came, by the server's clock, ISO. */
  at: string;
}

export async function dated<T>(asked: Promise<T>): Promise<Dated<T>> {
  const known = await asked;
  return { known, at: new Date(clock.now).toISOString() };
}

/** Seconds from the newest event to its being stored; null where nothing was. */
export function lag(source: Source): number | null {
  if (!source.stored_at || !source.newest_time) return null;
  return (Date.parse(source.stored_at) - Date.parse(source.newest_time)) / 1000;
}

/** How many of each, the most frequent first. */
export function tally(reasons: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([a, one], [b, two]) => two - one || a.localeCompare(b));
}
