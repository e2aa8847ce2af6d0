// Of GeoJSON: what is handed to the map, and the box around it. Pure.
import type * as GeoJSON from "geojson";
import type { Feature } from "./types.ts";

export type Box = [west: number, south: number, east: number, north: number];

function* points(coordinates: unknown): Generator<[number, number]> {
  if (!Array.isArray(coordinates)) return;
  if (typeof coordinates[0] === "number") yield coordinates as [number, number];
  else for (const part of coordinates) yield* points(part);
}

/** The box around features; null when there are none. */
export function box(features: readonly Pick<Feature, "geometry">[]): Box | null {
  let found: Box | null = null;
  for (const feature of features) {
    for (const [x, y] of points(feature.geometry.coordinates)) {
      found ??= [x, y, x, y];
      found = [Math.min(found[0], x), Math.min(found[1], y), Math.max(found[2], x), Math.max(found[3], y)];
    }
  }
  return found;
}

type Ring = readonly (readonly [number, number])[];

const area2 = (ring: Ring): number =>
  ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);

/** The greatest outer ring of an area; null of what is none. */
function greatest({ geometry }: Pick<Feature, "geometry">): Ring | null {
  const { type, coordinates } = geometry as unknown as GeoJSON.Polygon | GeoJSON.MultiPolygon;
  if (type !== "Polygon" && type !== "MultiPolygon") return null;
  const rings = (type === "Polygon"
    ? [coordinates[0]]
    : coordinates.map((part) => part[0])) as unknown as Ring[];
  return rings.reduce((one, other) => (Math.abs(area2(other)) > Math.abs(area2(one)) ? other : one));
}

/** Where an area is named and its column stands: the centroid of its greatest part. */
export function middle(feature: Pick<Feature, "geometry">): [number, number] | null {
  const ring = greatest(feature);
  const twice = ring && area2(ring);
  if (!ring || !twice) return null;
  const sums = ring.reduce(
    ([sumX, sumY], [x, y], i) => {
      const [nextX, nextY] = ring[(i + 1) % ring.length] ?? [x, y];
      const cross = x * nextY - nextX * y;
      return [sumX + (x + nextX) * cross, sumY + (y + nextY) * cross] as const;
    },
    [0, 0] as const,
  );
  return [sums[0] / (3 * twice), sums[1] / (3 * twice)];
}

/** How wide columns are, of the smallest area's narrower side; all alike, so that only their heights differ. */
const FOOT = 0.09;
const SIDES = 24;
/** How high a column is that reaches its target, in radii. */
const SLIM = 7;
const DEGREE_M = 111_320;
/** What is known and nothing, or not known, is seen to be flat. */
const FLAT = 0.02;

export interface Column {
  foot: GeoJSON.Polygon;
  /** Metres, of a share of 1. */
  full: number;
}

/** A round column in the middle of every area, by the area's id. */
export function columns(features: readonly Feature[]): Map<string, Column> {
  const narrow = (latitude: number) => Math.cos((latitude * Math.PI) / 180);
  const sides = features.flatMap((one) => {
    const around = box([one]);
    return around ? [Math.min((around[2] - around[0]) * narrow(around[1]), around[3] - around[1])] : [];
  });
  const radius = FOOT * Math.min(...sides);
  return new Map(
    features.flatMap((one) => {
      const at = middle(one);
      if (!at) return [];
      const corner = (turn: number): [number, number] => [
        at[0] + (radius * Math.cos(turn)) / narrow(at[1]),
        at[1] + radius * Math.sin(turn),
      ];
      const corners = Array.from({ length: SIDES + 1 }, (_, i) =>
        corner((2 * Math.PI * (i % SIDES)) / SIDES),
      );
      const foot = { type: "Polygon" as const, coordinates: [corners] };
      return [[one.id, { foot, full: SLIM * radius * DEGREE_M }] as const];
    }),
  );
}

interface Said {
  label: string;
  /** The value in words. */
  told: string;
  /** 0…1: height of a column. */
  share: number | null;
}

/** What is drawn for an area besides itself. */
export type Part = "column" | "name";

/** GeoJSON for the map's worker: flat properties, the id among them; of an area also its column and where it is named. */
export function flat(
  features: readonly Feature[],
  say: (feature: Feature) => Said,
): GeoJSON.FeatureCollection {
  const standing = columns(features.filter((one) => one.properties["height_m"] === undefined));
  const drawn = (feature: Feature): GeoJSON.Feature[] => {
    const said = say(feature);
    const own = (feature.properties["height_m"] as number | undefined) ?? null;
    const as = (geometry: GeoJSON.Geometry, part: Part | null, height: number | null): GeoJSON.Feature => ({
      type: "Feature",
      geometry,
      properties: { id: feature.id, step: feature.properties.step, height, part, ...said },
    });
    const itself = as(feature.geometry as unknown as GeoJSON.Geometry, null, own);
    const column = standing.get(feature.id);
    const at = column && middle(feature);
    if (!column || !at) return [itself];
    const height = column.full * Math.max(FLAT, said.share ?? 0);
    return [itself, as(column.foot, "column", height), as({ type: "Point", coordinates: at }, "name", null)];
  };
  return { type: "FeatureCollection", features: features.flatMap(drawn) };
}

/** How high each column is: attainment where it is known, else the value's share of the greatest. */
export function shares(features: readonly Feature[]): Map<string, number | null> {
  const most = Math.max(0, ...features.map((feature) => feature.properties.value ?? 0));
  return new Map(
    features.map((feature) => {
      const reached = feature.properties["attainment"];
      const value = feature.properties.value;
      if (typeof reached === "number") return [feature.id, reached];
      return [feature.id, value === null || most === 0 ? null : Math.max(0, value / most)];
    }),
  );
}
