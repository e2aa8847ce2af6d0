// What districts are called: their features in the city's geometry. Events and devices name them by code.
import type { Schemas } from "../api/client.ts";
import { inLanguage } from "../text/language.svelte.ts";

type Features = readonly Pick<Schemas["Feature"], "id" | "properties">[];

/** The name of a district in the reader's language; its code where the geometry does not have it. */
export function districtName(districts: Features | undefined, code: string): string {
  return inLanguage(districts?.find((one) => one.id === `district/${code}`)?.properties.name) || code;
}
