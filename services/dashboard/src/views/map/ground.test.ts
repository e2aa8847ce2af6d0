import { createExpression, featureFilter, validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { expect, test } from "vitest";
import { ground, known } from "./ground.ts";
import { TILES, type Ink } from "./looks.ts";

const ink = new Proxy({}, { get: () => "#123456" }) as Ink;
const PROTOMAPS = [
  "boundaries",
  "buildings",
  "earth",
  "landcover",
  "landuse",
  "places",
  "pois",
  "roads",
  "water",
];
const OPENMAPTILES = [
  "water",
  "waterway",
  "landcover",
  "landuse",
  "park",
  "boundary",
  "transportation",
  "building",
  "place",
];

test("a schema is known by its source layers", () => {
  expect([PROTOMAPS, OPENMAPTILES, ["water", "countries"], []].map(known)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("only what the tiles have is asked of them, and everything drawn is a valid style", () => {
  for (const has of [PROTOMAPS, OPENMAPTILES, null]) {
    const layers = ground(ink, "kk", has);
    const from = new Set(layers.map((one) => ("source-layer" in one ? one["source-layer"] : undefined)));
    if (has) expect([...from].filter((one) => !has.includes(one!))).toEqual([]);
    expect(from.size).toBeGreaterThanOrEqual(7);
    const sources = { [TILES]: { type: "vector" as const, tiles: ["http://x/{z}/{x}/{y}.pbf"] } };
    expect(validateStyleMin({ version: 8, sources, layers })).toEqual([]);
    expect(new Set(layers.map((one) => one.id)).size).toBe(layers.length);
  }
});

test("both schemas' features find their layer", () => {
  const drawn = (from: string, type: 1 | 2 | 3, properties: Record<string, string>) =>
    ground(ink, "kk", null)
      .filter((one) => "source-layer" in one && one["source-layer"] === from)
      .filter((one) =>
        featureFilter("filter" in one ? one.filter : undefined, "filter").filter(
          { zoom: 14 } as never,
          { type, properties } as never,
        ),
      )
      .map((one) => one.id);
  expect(drawn("roads", 2, { kind: "major_road" })).toEqual(["ground-roads-major"]);
  expect(drawn("roads", 2, { "pmap:kind": "minor_road" })).toEqual(["ground-roads-minor"]);
  expect(drawn("transportation", 2, { class: "primary" })).toEqual(["ground-transportation-major"]);
  expect(drawn("landuse", 3, { kind: "park" })).toEqual(["ground-landuse-green"]);
  expect(drawn("water", 2, { kind: "river" })).toEqual(["ground-water-river"]);
  expect(drawn("water", 3, { class: "lake" })).toEqual(["ground-water-area"]);
  expect(drawn("place", 1, { class: "suburb" })).toEqual(["ground-place-quarter"]);
  expect(drawn("places", 1, { kind: "locality" })).toEqual(["ground-places-town"]);
});

test("a place is named in the reader's language, else as the tiles do", () => {
  const town = ground(ink, "kk", null).find((one) => one.id === "ground-places-town")!;
  const made = createExpression((town.layout as Record<string, unknown>)["text-field"], "text-field");
  if (made.result !== "success") throw new Error("no expression");
  const told = (properties: Record<string, string>) =>
    made.value.evaluate({ zoom: 10 } as never, { type: 1, properties } as never);
  expect(told({ name: "Караганда", "name:kk": "Қарағанды" })).toBe("Қарағанды");
  expect(told({ name: "Karaganda", "name:ru": "Караганда" })).toBe("Karaganda");
});
