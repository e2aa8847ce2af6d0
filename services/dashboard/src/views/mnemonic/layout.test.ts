import { expect, test } from "vitest";
import { layout } from "./layout.ts";

const edge = (from_node: string, to_node: string) => ({ id: `${from_node}-${to_node}`, from_node, to_node });

test("the source stands left, what it feeds right of it, and it in the middle of that", () => {
  const { places, columns, rows } = layout(
    ["b", "a", "s", "p"],
    [edge("s", "p"), edge("p", "a"), edge("p", "b")],
  );
  expect([columns, rows]).toEqual([3, 2]);
  expect(places.get("s")).toEqual({ column: 0, row: 0.5 });
  expect(places.get("a")).toEqual({ column: 2, row: 0 });
  expect(places.get("b")).toEqual({ column: 2, row: 1 });
});

test("a ring and a node that nothing feeds find their places too", () => {
  const { places, rows } = layout(["a", "b", "alone"], [edge("a", "b"), edge("b", "a")]);
  expect(places.size).toBe(3);
  expect(rows).toBe(2);
  expect(places.get("b")?.column).toBe(1);
});
