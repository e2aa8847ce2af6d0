// The theme's colours, as the map's looks want them.
import { colour } from "../../style/colour.ts";
import type { Ink } from "./looks.ts";

/** Reactive: changes with the theme. */
export function ink(): Ink {
  return {
    ink: colour("ink"),
    quiet: colour("quiet"),
    surface: colour("surface"),
    ground: colour("ground"),
    line: colour("line"),
    accent: colour("accent"),
    onAccent: colour("on-accent"),
    mapWater: colour("map-water"),
    mapGreen: colour("map-green"),
    mapBuilt: colour("map-built"),
    mapHouse: colour("map-house"),
    mapRoad: colour("map-road"),
  };
}
