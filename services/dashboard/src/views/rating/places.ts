import type { City, Snapshot } from "../../api/client.ts";

export interface Ranked {
  city: City;
  score: Pick<Snapshot, "total" | "rating" | "coverage">;
  /** Cities with the same total share the better place. */
  place: number;
}

/** Highest total first; what has no total has no place and is left out. */
export function places(scored: readonly { city: City; score: Ranked["score"] }[]): Ranked[] {
  const known = scored.filter((one) => one.score.total !== null);
  const total = (one: (typeof known)[number]) => one.score.total ?? 0;
  const sorted = [...known].sort((a, b) => total(b) - total(a));
  return sorted.map((one) => ({
    ...one,
    place: 1 + sorted.filter((other) => total(other) > total(one)).length,
  }));
}
