import type { Schemas } from "../../api/client.ts";

/** Annex 5's order; the database does not keep the order of keys. */
export const ORDER: readonly Schemas["SectionCode"][] = [
  "city_management",
  "safety",
  "transport",
  "ecology",
  "housing",
];
