// An object's value in words: in the layer's unit, of a KPI the attainment.
import { quantity } from "../../quantities/quantity.ts";
import { percent } from "../../text/format.ts";
import { language } from "../../text/language.svelte.ts";
import type { Feature, Layer } from "./types.ts";

export function told(layer: Layer, feature: Feature): string {
  const { value, attainment } = feature.properties;
  if (layer.value_of === "kpi" && typeof attainment === "number")
    return percent(attainment, language.current);
  return quantity(value, layer.unit === "count" ? null : layer.unit);
}
