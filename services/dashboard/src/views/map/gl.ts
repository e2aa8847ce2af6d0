// MapLibre GL, fetched only when a map is opened. Its worker is a file of ours: the security policy allows no other.
import { Map, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { ANCHORS } from "./looks.ts";

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

/** A map without tiles: all it shows are the city's own layers. Throws where there is no WebGL. */
export function open(container: HTMLElement, title: string): Map {
  const map = new Map({
    container,
    style: structuredClone(EMPTY),
    attributionControl: false,
    maplibreLogo: false,
    maxPitch: 70,
    locale: { "Map.Title": title },
    fadeDuration: 0,
  });
  map.keyboard.enable();
  return map;
}
