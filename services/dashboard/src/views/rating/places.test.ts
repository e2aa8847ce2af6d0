import { expect, test } from "vitest";
import type { City } from "../../api/client.ts";
import { places } from "./places.ts";

const scored = (code: string, total: number | null) => ({
  city: { code } as City,
  score: { total, rating: "good", coverage: 1 } as const,
});

test("the highest total stands first, equal ones share a place, and no total has none", () => {
  const ranked = places([
    scored("a", 70),
    scored("b", 80),
    scored("c", null),
    scored("d", 80),
    scored("e", 60),
  ]);
  expect(ranked.map(({ city, place }) => [city.code, place])).toEqual([
    ["b", 1],
    ["d", 1],
    ["a", 3],
    ["e", 4],
  ]);
});
