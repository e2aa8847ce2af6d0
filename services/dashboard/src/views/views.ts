// The views there are. A view is a folder here: `<Name>.svelte`, its `texts.json`, and what else it needs.
import type { Component } from "svelte";
import type names from "./names.json";

export interface View {
  /** First part of the address; "" is the start. */
  path: string;
  name: keyof typeof names;
  /** Code is fetched when the view is opened. */
  load: () => Promise<{ default: Component }>;
  /** Stands in the navigation. */
  listed: boolean;
  /** The residents' page: no navigation, no live feed. */
  bare?: boolean;
}

export const VIEWS: readonly View[] = [
  { path: "", name: "overview", load: () => import("./overview/Overview.svelte"), listed: true },
  { path: "map", name: "map", load: () => import("./map/Map.svelte"), listed: true },
  { path: "mnemonic", name: "mnemonic", load: () => import("./mnemonic/Mnemonic.svelte"), listed: true },
  { path: "quality", name: "quality", load: () => import("./quality/Quality.svelte"), listed: true },
];

/** The view of an address; null when there is none. */
export function viewAt(path: string): View | null {
  return VIEWS.find((view) => view.path === path) ?? null;
}
