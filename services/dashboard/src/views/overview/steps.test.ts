import { expect, test } from "vitest";
import { largest } from "./steps.ts";

const step = (code: string, start: number, end: number) =>
  ({ code, section: "safety", cause: "attainment", start, end }) as const;
const steps = [
  step("1.1", 80, 80.5),
  step("2.1", 80.5, 79.5),
  step("9.1", 79.5, 79.25),
  step("9.2", 79.25, 79.5),
];

test("the largest come first and stand end to end, the rest leads to the last level", () => {
  const { shown, rest } = largest(steps, 2);
  expect(shown.map(({ code, start, end }) => [code, start, end])).toEqual([
    ["2.1", 80, 79],
    ["1.1", 79, 79.5],
  ]);
  expect(rest).toEqual({ count: 2, start: 79.5, end: 79.5 });
});

test("few steps leave no rest, and none leave nothing", () => {
  expect(largest(steps, 9).rest).toBeNull();
  expect(largest([], 3)).toEqual({ shown: [], rest: null });
});
