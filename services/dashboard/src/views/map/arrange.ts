// Putting layers onto a map and data into them.
import type * as GeoJSON from "geojson";
import type { GeoJSONSource, LayerSpecification, Map } from "maplibre-gl";
import { ground } from "./ground.ts";
import { ANCHORS, base, halo, looks, names, TILES, type Ink } from "./looks.ts";
import type { Chosen, Layer } from "./types.ts";

const STANDING = new Set<string>(["ground", TILES, ...Object.values(ANCHORS)]);
const OURS = ["base-district", "base-road", "chosen"];
const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
const TOUCHED = /-(area|columns|line|point|cluster)$/;
const REACH_PX = 5;

/** The tiles below everything: of vectors, what they hold (null: nobody says) and in which language places are named. */
export interface Ground {
  vector: boolean;
  layers: string[] | null;
  lang: string;
}

/** Make the map show these layers in these colours, and no others. */
export function arrange(
  map: Map,
  layers: readonly Layer[],
  ink: Ink,
  high: boolean,
  tiles: Ground | null,
): void {
  for (const id of map.getLayersOrder()) if (!STANDING.has(id)) map.removeLayer(id);
  // Where no tiles say what is land, all that is not water is.
  const land = tiles?.vector && !tiles.layers?.includes("earth");
  map.setPaintProperty("ground", "background-color", land ? ink.surface : ink.ground);
  keepSources(map, layers);
  const put = (style: LayerSpecification[], below: string) =>
    style.forEach((one) => map.addLayer(one, below));
  if (tiles?.vector) put(ground(ink, tiles.lang, tiles.layers), ANCHORS.base);
  put(base(ink, tiles !== null), ANCHORS.base);
  for (const layer of layers) put(looks(layer, ink, high), ANCHORS[layer.geometry ?? "point"]);
  if (!layers.some((layer) => layer.geometry === "polygon" && layer.value_of !== "stated"))
    put([names(ink)], ANCHORS.line);
  put(halo(ink), ANCHORS.point);
}

function keepSources(map: Map, layers: readonly Layer[]): void {
  const wanted = new globalThis.Map<string, boolean>(OURS.map((id) => [id, false]));
  for (const layer of layers) wanted.set(layer.code, layer.geometry === "point");
  for (const id of Object.keys(map.getStyle().sources))
    if (!wanted.has(id) && id !== TILES) map.removeSource(id);
  for (const [id, clustered] of wanted) {
    if (map.getSource(id)) continue;
    const cluster = clustered && { cluster: true, clusterRadius: 36, clusterMaxZoom: 13 };
    map.addSource(id, { type: "geojson", data: NOTHING, ...cluster });
  }
}

/** Give a source its data. */
export function fill(map: Map, source: string, data: GeoJSON.FeatureCollection | null): void {
  map.getSource<GeoJSONSource>(source)?.setData(data ?? NOTHING);
}

/** Whether anything of vector tiles is on the screen. */
export function drawsGround(map: Map): boolean {
  const layers = map.getLayersOrder().filter((id) => id.startsWith("ground-"));
  return map.queryRenderedFeatures({ layers }).length > 0;
}

/** What lies under a point of the screen: an object, or a cluster by its number. */
export function under(map: Map, x: number, y: number): (Chosen & { cluster: number | null }) | null {
  const layers = map.getLayersOrder().filter((id) => TOUCHED.test(id) && !/^(base|chosen)-/.test(id));
  const [found] = map.queryRenderedFeatures(
    [
      [x - REACH_PX, y - REACH_PX],
      [x + REACH_PX, y + REACH_PX],
    ],
    { layers },
  );
  if (!found) return null;
  const { id, cluster_id: cluster = null } = found.properties as { id?: string; cluster_id?: number };
  return { layer: found.source, id: id ?? "", cluster };
}

/** Go as near as it takes for a cluster to fall apart. */
export async function open(
  map: Map,
  source: string,
  cluster: number,
  center: [number, number],
): Promise<void> {
  const zoom = await map.getSource<GeoJSONSource>(source)?.getClusterExpansionZoom(cluster);
  if (zoom !== undefined) map.easeTo({ center, zoom: zoom + 0.3 });
}
