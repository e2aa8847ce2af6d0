import { expect, test } from "vitest";
import { box, columns, flat, middle, shares } from "./geometry.ts";
import type { Feature } from "./types.ts";

const feature = (id: string, value: number | null, coordinates: unknown, more = {}): Feature =>
  ({
    type: "Feature",
    id,
    geometry: { type: "any", coordinates },
    properties: { name: id, district: null, value, time: null, step: 1, critical: false, ...more },
  }) as Feature;

test("the box is around points, lines and areas alike", () => {
  const line = feature("l", 1, [
    [73, 49],
    [74, 50],
  ]);
  const area = feature("a", 1, [
    [
      [72, 49.5],
      [73, 51],
      [72, 49.5],
    ],
  ]);
  expect(box([line, area, feature("p", 1, [75, 48])])).toEqual([72, 48, 75, 51]);
  expect(box([])).toBeNull();
});

test("a column is as high as the attainment, else as the share of the greatest; nothing known is nothing", () => {
  const some = [
    feature("a", 4, []),
    feature("b", 2, []),
    feature("c", null, []),
    feature("d", 9, [], { attainment: 0.3 }),
  ];
  expect([...shares(some.slice(0, 3)).values()]).toEqual([1, 0.5, null]);
  expect(shares(some).get("d")).toBe(0.3);
});

test("what the map gets is flat and keeps id, step and a building's height", () => {
  const features = [feature("a", 4, [1, 2]), feature("b", 4, [1, 2], { height_m: 24.8 })];
  const made = flat(features, () => ({ label: "A", told: "4", share: null }));
  const said = { step: 1, label: "A", told: "4", share: null };
  expect(made.features.map((one) => one.properties)).toEqual([
    { id: "a", height: null, part: null, ...said },
    { id: "b", height: 24.8, part: null, ...said },
  ]);
});

const corners = (west: number, side: number) => [
  [
    [west, 0],
    [west + side, 0],
    [west + side, side],
    [west, side],
    [west, 0],
  ],
];
const area = (id: string, geometry: object): Feature =>
  ({ ...feature(id, 1, []), geometry }) as unknown as Feature;

test("columns stand in the middle of their areas and are equally wide", () => {
  const made = [
    area("a", { type: "Polygon", coordinates: corners(0, 1) }),
    area("b", { type: "MultiPolygon", coordinates: [corners(20, 1), corners(10, 4)] }),
  ];
  expect(made.map(middle)).toEqual([
    [0.5, 0.5],
    [12, 2],
  ]);
  const wide = [...columns(made).values()].map(({ foot }) => {
    const around = box([{ geometry: foot as unknown as Feature["geometry"] }]);
    return around ? around[3] - around[1] : 0;
  });
  expect(wide[0]).toBeCloseTo(0.18);
  expect(wide[1]).toBeCloseTo(0.18);
  const parts = flat(made, () => ({ label: "", told: "", share: 1 })).features.map(
    (one) => one.properties?.["part"],
  );
  expect(parts).toEqual([null, "column", "name", null, "column", "name"]);
});
