// MapLibre GL, fetched only when a map is opened. Its worker is a file of ours: the security policy allows no other.
import { addProtocol, Map, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import { Protocol } from "pmtiles";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { ANCHORS, TILES } from "./looks.ts";
import type { Tiles } from "./types.ts";

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

/** A map of the city's own layers, over tiles if the installation has any. Throws where there is no WebGL. */
export function open(container: HTMLElement, title: string, tiles: Tiles | null): Map {
  const map = new Map({
    container,
    style: ground(tiles),
    attributionControl: false,
    maplibreLogo: false,
    maxPitch: 70,
    locale: { "Map.Title": title },
    fadeDuration: 0,
  });
  map.keyboard.enable();
  return map;
}

function ground(tiles: Tiles | null): StyleSpecification {
  const style = structuredClone(EMPTY);
  if (!tiles?.url) return style;
  style.sources[TILES] = {
    type: "raster",
    tileSize: 256,
    ...(tiles.kind === "pmtiles" ? archive(tiles.url) : files(tiles.url)),
  };
  style.layers.splice(1, 0, { id: TILES, type: "raster", source: TILES });
  return style;
}

/** The worker that fetches them knows no address of the page. */
const whole = (url: string) => (url.startsWith("/") ? location.origin + url : url);
const files = (url: string) => ({ tiles: [whole(url)], maxzoom: 19 });

function archive(url: string) {
  addProtocol("pmtiles", new Protocol().tile);
  return { url: `pmtiles://${whole(url)}` };
}
