import { expect, test } from "vitest";
import { path } from "./curve.ts";

test("a curve fills its box, and a gap lifts the pen", () => {
  expect(path([0, 10, 5], 20, 10, 0)).toBe("M0.0 10.0L10.0 0.0L20.0 5.0");
  expect(path([1, null, 2, 3], 30, 10, 0)).toBe("M0.0 10.0M20.0 5.0L30.0 0.0");
});

test("what never moves lies in the middle, and one point is no curve", () => {
  expect(path([7, 7], 10, 10, 0)).toBe("M0.0 5.0L10.0 5.0");
  expect(path([7, null], 10, 10, 0)).toBe("");
});
