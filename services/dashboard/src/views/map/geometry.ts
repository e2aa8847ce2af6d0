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

interface Said {
  label: string;
  /** The value in words. */
  told: string;
  /** 0…1: height of a column. */
  share: number | null;
}

/** GeoJSON for the map's worker: flat properties, the id among them. */
export function flat(
  features: readonly Feature[],
  say: (feature: Feature) => Said,
): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: features.map((feature) => ({
      type: "Feature",
      geometry: feature.geometry as unknown as GeoJSON.Geometry,
      properties: {
        id: feature.id,
        step: feature.properties.step,
        height: feature.properties["height_m"] ?? null,
        ...say(feature),
      },
    })),
  };
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
