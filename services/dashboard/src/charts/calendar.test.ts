import { expect, test } from "vitest";
import { cells, heat } from "./calendar.ts";

test("weeks begin on Monday, and a day without a figure keeps its place", () => {
  const found = cells([
    { name: "2026-11-21", value: 0.5 }, // a Saturday
    { name: "2026-11-23", value: 1 },
  ]);
  expect(found).toEqual([
    { name: "2026-11-21", value: 0.5, week: 0, weekday: 5 },
    { name: "2026-11-22", value: null, week: 0, weekday: 6 },
    { name: "2026-11-23", value: 1, week: 1, weekday: 0 },
  ]);
  expect(cells([])).toEqual([]);
});

test("only a target that is met is the darkest", () => {
  expect([null, 0, 0.26, 0.99, 1].map(heat)).toEqual([null, 0, 1, 3, 4]);
});
