// How vector tiles look under the city's own layers: calm, so that these lead. Pure.
// Two usual schemas: Protomaps' basemap (earth, roads, places …, by `kind`) and OpenMapTiles' (transportation, place …,
// by `class`). What they call the same is drawn alike.
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from "maplibre-gl";
import { FONT, TILES, type Ink } from "./looks.ts";

/** Source layers that nobody but the two schemas has, by one of which they are known. */
const KNOWN = ["earth", "roads", "places", "transportation", "place"];
/** Before version 4 Protomaps wrote `pmap:kind`. */
const KIND: ExpressionSpecification = [
  "coalesce",
  ["get", "kind"],
  ["get", "class"],
  ["get", "pmap:kind"],
  "",
];
const is = (...kinds: string[]): ExpressionSpecification => ["in", KIND, ["literal", kinds]];
const AREA: ExpressionSpecification = ["in", ["geometry-type"], ["literal", ["Polygon", "MultiPolygon"]]];
const LINE: ExpressionSpecification = [
  "in",
  ["geometry-type"],
  ["literal", ["LineString", "MultiLineString"]],
];

const GREEN = is(
  ...[
    "park",
    "forest",
    "wood",
    "grass",
    "grassland",
    "meadow",
    "scrub",
    "nature_reserve",
    "garden",
    "orchard",
  ],
  ...[
    "cemetery",
    "recreation_ground",
    "golf_course",
    "village_green",
    "national_park",
    "protected_area",
    "pitch",
  ],
);
const BUILT = is(
  ...["residential", "urban_area", "industrial", "commercial", "retail", "hospital", "school", "university"],
  ...["college", "railway", "military", "kindergarten"],
);
const MAJOR = is("highway", "major_road", "motorway", "trunk", "primary", "secondary");
const MINOR = is("medium_road", "minor_road", "tertiary", "minor", "service", "residential");
const RAIL = is("rail", "transit");
const TOWN = is("locality", "city", "town", "village", "hamlet");
const QUARTER = is("neighbourhood", "macrohood", "suburb", "quarter", "borough");

/** Whether tiles with these source layers are of a schema that is drawn. */
export function known(sourceLayers: readonly string[]): boolean {
  return KNOWN.some((one) => sourceLayers.includes(one));
}

/** The style layers, of the source layers that the tiles have; null: not known which, all. */
export function ground(ink: Ink, lang: string, sourceLayers: readonly string[] | null): LayerSpecification[] {
  const all = [...areas(ink), ...lines(ink), ...names(ink, lang)];
  return all.filter(
    (one) => !("source-layer" in one) || (sourceLayers?.includes(one["source-layer"]!) ?? true),
  );
}

function fill(
  from: string,
  what: string,
  colour: string,
  filter: ExpressionSpecification,
): LayerSpecification {
  const id = `ground-${from}-${what}`;
  return { id, source: TILES, "source-layer": from, type: "fill", filter, paint: { "fill-color": colour } };
}

function areas(ink: Ink): LayerSpecification[] {
  return [
    fill("earth", "land", ink.surface, AREA),
    ...["landcover", "landuse"].flatMap((from) => [
      fill(from, "built", ink.mapBuilt, ["all", AREA, BUILT]),
      fill(from, "green", ink.mapGreen, ["all", AREA, GREEN]),
    ]),
    fill("park", "green", ink.mapGreen, AREA),
    fill("water", "area", ink.mapWater, AREA),
    ...["buildings", "building"].map((from): LayerSpecification => ({
      ...(fill(from, "area", ink.mapHouse, AREA) as LayerSpecification & { type: "fill" }),
      minzoom: 13,
    })),
  ];
}

interface Stroke {
  colour: string;
  /** Pixels at zoom 9, 13 and 17. */
  width: [number, number, number];
  from?: number;
  dashed?: [number, number];
}

function stroke(from: string, what: string, filter: FilterSpecification, how: Stroke): LayerSpecification {
  const [far, middle, near] = how.width;
  return {
    id: `ground-${from}-${what}`,
    source: TILES,
    "source-layer": from,
    type: "line",
    filter,
    minzoom: how.from ?? 0,
    layout: { "line-cap": how.dashed ? "butt" : "round", "line-join": "round" },
    paint: {
      "line-color": how.colour,
      "line-width": ["interpolate", ["exponential", 1.4], ["zoom"], 9, far, 13, middle, 17, near],
      ...(how.dashed && { "line-dasharray": how.dashed }),
    },
  };
}

function lines(ink: Ink): LayerSpecification[] {
  const roads = ["roads", "transportation"].flatMap((from) => [
    stroke(from, "rail", RAIL, { colour: ink.line, width: [0.5, 1, 2], from: 10, dashed: [4, 2] }),
    stroke(from, "minor", ["all", LINE, MINOR], { colour: ink.mapRoad, width: [0.3, 1.2, 9], from: 11 }),
    stroke(from, "major", ["all", LINE, MAJOR], { colour: ink.mapRoad, width: [1.2, 3, 14] }),
  ]);
  const borders = ["boundaries", "boundary"].map((from) =>
    stroke(from, "border", LINE, { colour: ink.quiet, width: [0.7, 1, 1.4], dashed: [3, 3] }),
  );
  const rivers = ["water", "waterway"].map((from) =>
    stroke(from, "river", LINE, { colour: ink.mapWater, width: [0.6, 1.5, 6] }),
  );
  return [...rivers, ...roads, ...borders];
}

/** Places are named with the reader's own fonts, in the reader's language where the tiles have it. */
function names(ink: Ink, lang: string): LayerSpecification[] {
  const name: ExpressionSpecification = [
    "coalesce",
    ["get", `name:${lang}`],
    ["get", `name_${lang}`],
    ["get", "name"],
  ];
  const named = (
    from: string,
    what: string,
    filter: ExpressionSpecification,
    size: number,
    minzoom: number,
  ) =>
    ({
      id: `ground-${from}-${what}`,
      source: TILES,
      "source-layer": from,
      type: "symbol",
      filter,
      minzoom,
      layout: {
        "text-field": name,
        "text-font": FONT,
        "text-size": size,
        "text-max-width": 8,
        "text-padding": 8,
      },
      paint: { "text-color": ink.quiet, "text-halo-color": ink.surface, "text-halo-width": 1.4 },
    }) satisfies LayerSpecification;
  return ["places", "place"].flatMap((from) => [
    named(from, "quarter", QUARTER, 11, 11.5),
    named(from, "town", TOWN, 13, 4),
  ]);
}
