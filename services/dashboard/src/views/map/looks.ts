// How layers look: MapLibre's style, made from the legend that the API tells. Pure.
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Layer } from "./types.ts";

/** Colours of the theme. */
export interface Ink {
  ink: string;
  quiet: string;
  surface: string;
  ground: string;
  line: string;
  accent: string;
  onAccent: string;
  /** Of vector tiles, see ground.ts. */
  mapWater: string;
  mapGreen: string;
  mapBuilt: string;
  mapHouse: string;
  mapRoad: string;
}

/** Below these (invisible) layers the others are put, so that points lie on lines and lines on areas. */
export const ANCHORS = {
  base: "above-base",
  polygon: "above-polygons",
  line: "above-lines",
  point: "above-points",
} as const;

/** The source and the layer of the tiles below everything, where there are any. */
export const TILES = "tiles";

export const FONT = ["sans-serif"];
const STEP: ExpressionSpecification = ["coalesce", ["get", "step"], -1];
/** An area and not its column or name: see `flat`. */
const ITSELF: ExpressionSpecification = ["==", ["get", "part"], null];
const NAMED: ExpressionSpecification = ["==", ["get", "part"], "name"];
const SINGLE: ExpressionSpecification = ["!", ["has", "point_count"]];

/** The legend's colour of an object; what has no value is quiet. */
export function colour(layer: Layer, ink: Ink): ExpressionSpecification | string {
  if (!layer.steps.length) return ink.accent;
  const known = layer.steps.flatMap((step, place) => [place, step.colour]);
  return ["match", STEP, ...known, ink.quiet] as unknown as ExpressionSpecification;
}

/** The style layers of one thematic layer; `high`: areas become columns. */
export function looks(layer: Layer, ink: Ink, high: boolean): LayerSpecification[] {
  const source = layer.code;
  const paint = colour(layer, ink);
  if (layer.geometry === "polygon") {
    const low = [area(source, paint), border(source, ink)];
    return [...low, ...(high ? [columns(source, paint)] : []), figure(source, ink, high)];
  }
  if (layer.geometry === "line") return [casing(source, ink), line(source, paint)];
  return [cluster(source, ink), clusterCount(source, ink), point(source, paint, ink), value(source, ink)];
}

type Paint = ExpressionSpecification | string;

const area = (source: string, paint: Paint): LayerSpecification => ({
  id: `${source}-area`,
  source,
  type: "fill",
  filter: ITSELF,
  paint: { "fill-color": paint, "fill-opacity": 0.42 },
});

/** What has a height stands in it: a building in its own, a column in its share's. */
const HEIGHT: ExpressionSpecification = ["get", "height"];

const columns = (source: string, paint: Paint): LayerSpecification => ({
  id: `${source}-columns`,
  source,
  type: "fill-extrusion",
  filter: ["!=", HEIGHT, null],
  paint: {
    "fill-extrusion-color": paint,
    "fill-extrusion-height": HEIGHT,
    "fill-extrusion-opacity": 0.9,
  },
});

const border = (source: string, ink: Ink): LayerSpecification => ({
  id: `${source}-border`,
  source,
  type: "line",
  filter: ITSELF,
  paint: { "line-color": ink.ink, "line-width": 1, "line-opacity": 0.7 },
});

/** Name and value of an area; in front of its column, where it has one. */
const figure = (source: string, ink: Ink, high: boolean): LayerSpecification => ({
  id: `${source}-figure`,
  source,
  type: "symbol",
  filter: NAMED,
  layout: {
    "text-field": ["format", ["get", "label"], {}, "\n", {}, ["get", "told"], { "font-scale": 1.25 }],
    "text-font": FONT,
    "text-size": 13,
    "text-anchor": high ? "top" : "center",
    "text-offset": [0, high ? 1.2 : 0],
  },
  paint: { "text-color": ink.ink, "text-halo-color": ink.surface, "text-halo-width": 2 },
});

const WIDTH: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 9, 2, 12, 3.5, 15, 7];
const WIDER: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 9, 3.4, 12, 5.2, 15, 9.4];

const casing = (source: string, ink: Ink): LayerSpecification => ({
  id: `${source}-casing`,
  source,
  type: "line",
  layout: { "line-cap": "round", "line-join": "round" },
  paint: { "line-color": ink.surface, "line-width": WIDER },
});

const line = (source: string, paint: Paint): LayerSpecification => ({
  id: `${source}-line`,
  source,
  type: "line",
  layout: { "line-cap": "round", "line-join": "round" },
  paint: { "line-color": paint, "line-width": WIDTH },
});

const cluster = (source: string, ink: Ink): LayerSpecification => ({
  id: `${source}-cluster`,
  source,
  type: "circle",
  filter: ["has", "point_count"],
  paint: {
    "circle-color": ink.accent,
    "circle-radius": ["step", ["get", "point_count"], 13, 10, 16, 50, 20],
    "circle-stroke-color": ink.surface,
    "circle-stroke-width": 2,
  },
});

const clusterCount = (source: string, ink: Ink): LayerSpecification => ({
  id: `${source}-count`,
  source,
  type: "symbol",
  filter: ["has", "point_count"],
  layout: {
    "text-field": ["to-string", ["get", "point_count_abbreviated"]],
    "text-font": FONT,
    "text-size": 12,
    "text-allow-overlap": true,
  },
  paint: { "text-color": ink.onAccent },
});

const point = (source: string, paint: Paint, ink: Ink): LayerSpecification => ({
  id: `${source}-point`,
  source,
  type: "circle",
  filter: SINGLE,
  paint: {
    "circle-color": paint,
    "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 5.5, 14, 9],
    "circle-stroke-color": ink.surface,
    "circle-stroke-width": 2,
  },
});

const value = (source: string, ink: Ink): LayerSpecification => ({
  id: `${source}-value`,
  source,
  type: "symbol",
  filter: SINGLE,
  minzoom: 11.5,
  layout: {
    "text-field": ["get", "told"],
    "text-font": FONT,
    "text-size": 12,
    "text-offset": [0, 1.3],
    "text-anchor": "top",
    "text-optional": true,
  },
  paint: { "text-color": ink.ink, "text-halo-color": ink.surface, "text-halo-width": 1.6 },
});

/** The ground of the map: the city's own districts and roads; over tiles, which have both, the borders alone. */
export function base(ink: Ink, tiled: boolean): LayerSpecification[] {
  const own: LayerSpecification[] = [
    {
      id: "base-area",
      source: "base-district",
      type: "fill",
      filter: ITSELF,
      paint: { "fill-color": ink.surface },
    },
    {
      id: "base-road",
      source: "base-road",
      type: "line",
      paint: { "line-color": ink.line, "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.6, 14, 3] },
    },
  ];
  return [
    ...(tiled ? [] : own),
    {
      id: "base-border",
      source: "base-district",
      type: "line",
      filter: ITSELF,
      paint: { "line-color": ink.quiet, "line-width": 1.2, "line-dasharray": [3, 2] },
    },
  ];
}

/** Districts' names, where no layer says them with its values. */
export function names(ink: Ink): LayerSpecification {
  return {
    id: "base-name",
    source: "base-district",
    type: "symbol",
    filter: NAMED,
    layout: {
      "text-field": ["get", "label"],
      "text-font": FONT,
      "text-size": 13,
      "text-letter-spacing": 0.04,
    },
    paint: { "text-color": ink.ink, "text-halo-color": ink.surface, "text-halo-width": 2 },
  };
}

/** What is chosen, around it. */
export function halo(ink: Ink): LayerSpecification[] {
  return [
    {
      id: "chosen-line",
      source: "chosen",
      type: "line",
      filter: ["all", ["!=", ["geometry-type"], "Point"], ITSELF],
      paint: { "line-color": ink.ink, "line-width": 5, "line-opacity": 0.85 },
    },
    {
      id: "chosen-point",
      source: "chosen",
      type: "circle",
      filter: ["all", ["==", ["geometry-type"], "Point"], ITSELF],
      paint: {
        "circle-color": "rgba(0,0,0,0)",
        "circle-radius": 14,
        "circle-stroke-width": 3.5,
        "circle-stroke-color": ink.ink,
      },
    },
  ];
}
