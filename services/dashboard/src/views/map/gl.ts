// MapLibre GL, fetched only when a map is opened. Its worker is a file of ours: the security policy allows no other.
import {
  addProtocol,
  Map,
  setWorkerUrl,
  type RasterSourceSpecification,
  type StyleSpecification,
  type VectorSourceSpecification,
} from "maplibre-gl";
import { PMTiles, Protocol, TileType } from "pmtiles";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { known } from "./ground.ts";
import { ANCHORS, TILES } from "./looks.ts";
import { UnreadTiles, type Tiles } from "./types.ts";

setWorkerUrl(new URL(workerUrl, import.meta.url).href);

const EMPTY: StyleSpecification = {
  version: 8,
  sources: {},
  // Without `glyphs` the text is drawn with the fonts that the reader has: nothing is fetched.
  layers: [
    { id: "ground", type: "background" },
    ...Object.values(ANCHORS).map((id) => ({
      id,
      type: "background" as const,
      layout: { visibility: "none" as const },
    })),
  ],
};

/** A map of the city's own layers. Throws where there is no WebGL. */
export function open(container: HTMLElement, title: string): Map {
  const map = new Map({
    container,
    style: EMPTY,
    attributionControl: false,
    maplibreLogo: false,
    maxPitch: 70,
    locale: { "Map.Title": title },
    fadeDuration: 0,
  });
  map.keyboard.enable();
  return map;
}

/** Put tiles below everything else; how vectors look is arranged with the layers. */
export function lay(map: Map, { source }: Source): void {
  map.addSource(TILES, source);
  if (source.type === "raster")
    map.addLayer({ id: TILES, type: "raster", source: TILES }, map.getLayersOrder()[1]);
}

/** Tiles as the map takes them. */
export interface Source {
  source: RasterSourceSpecification | VectorSourceSpecification;
  /** Of vector tiles: what they hold; null when nobody says. */
  layers: string[] | null;
}

/** What the installation's address leads to. Rejects with UnreadTiles when that is nothing to draw. */
export async function find(tiles: Tiles | null): Promise<Source | null> {
  if (!tiles?.url) return null;
  const url = whole(tiles.url);
  if (tiles.kind === "pmtiles") return archive(url);
  if (tiles.kind === "vector")
    return { source: { type: "vector", tiles: [url], maxzoom: VECTOR_ZOOM }, layers: null };
  return { source: { type: "raster", tileSize: 256, tiles: [url], maxzoom: RASTER_ZOOM }, layers: null };
}

/** The worker that fetches them knows no address of the page. */
const whole = (url: string) => (url.startsWith("/") ? location.origin + url : url);
/** What most servers go to; nearer the last ones are stretched. */
const RASTER_ZOOM = 19;
const VECTOR_ZOOM = 14;
const PATIENCE_MS = 10_000;

async function archive(url: string): Promise<Source> {
  const opened = new PMTiles(url);
  const late = new Promise<never>((_, refuse) => setTimeout(refuse, PATIENCE_MS));
  const read = Promise.all([opened.getHeader(), opened.getMetadata()]);
  const [{ tileType: kind }, metadata] = await Promise.race([read, late]).catch(() => {
    throw new UnreadTiles("unreachable");
  });
  const protocol = new Protocol();
  protocol.add(opened);
  addProtocol("pmtiles", protocol.tile);
  const from = `pmtiles://${url}`;
  if (kind !== TileType.Mvt) {
    if (![TileType.Png, TileType.Jpeg, TileType.Webp, TileType.Avif].includes(kind))
      throw new UnreadTiles("unknown");
    return { source: { type: "raster", tileSize: 256, url: from }, layers: null };
  }
  const layers = ((metadata as Metadata | null)?.vector_layers ?? []).map(({ id }) => id);
  if (!known(layers)) throw new UnreadTiles("unknown");
  return { source: { type: "vector", url: from }, layers };
}

interface Metadata {
  vector_layers?: { id: string }[];
}
