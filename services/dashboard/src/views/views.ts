// The views there are. A view is a folder here: `<Name>.svelte`, its `texts.json`, and what else it needs.
import type { Component } from "svelte";
import type { Wanted } from "../session/roles.ts";
import type names from "./names.json";

export interface View {
  /** First part of the address; "" is the start. */
  path: string;
  name: keyof typeof names;
  /** Code is fetched when the view is opened; the parts of its address say which. */
  load: (parts: string[]) => Promise<{ default: Component }>;
  /** Stands in the navigation. */
  listed: boolean;
  /** Who may see any of it; without: everybody, or its parts say it. */
  role?: Wanted;
  /** The residents' page: no navigation, no live feed. */
  bare?: boolean;
}

export const VIEWS: readonly View[] = [
  { path: "", name: "overview", load: () => import("./overview/Overview.svelte"), listed: true },
  {
    path: "kpis",
    name: "kpis",
    load: (parts) => (parts.length > 1 ? import("./kpi/Kpi.svelte") : import("./kpis/Kpis.svelte")),
    listed: true,
  },
  { path: "map", name: "map", role: "viewer", load: () => import("./map/Map.svelte"), listed: true },
  {
    path: "mnemonic",
    name: "mnemonic",
    role: "viewer",
    load: () => import("./mnemonic/Mnemonic.svelte"),
    listed: true,
  },
  { path: "quality", name: "quality", load: () => import("./quality/Quality.svelte"), listed: true },
  { path: "rating", name: "rating", load: () => import("./rating/Rating.svelte"), listed: true },
  { path: "public", name: "public", load: () => import("./public/Public.svelte"), listed: true, bare: true },
];

/** The view of an address; null when there is none. */
export function viewAt(path: string): View | null {
  return VIEWS.find((view) => view.path === path) ?? null;
}
