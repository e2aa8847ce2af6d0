// Measured values in the units people read: kPa for Pa, m³/h for m³/s.
import { number } from "../text/format.ts";
import { language, sayer } from "../text/language.svelte.ts";
import texts from "./texts.json";

const say = sayer(texts);
type Unit = keyof typeof texts;

/** By the unit in which a value is kept: what it is multiplied with, what it is then called, and its decimals. */
const SHOWN: Record<string, readonly [number, Unit, number]> = {
  Pa: [0.001, "kpa", 0],
  kPa: [1, "kpa", 0],
  "m3/s": [3600, "m3h", 0],
  "m3/h": [1, "m3h", 0],
  Cel: [1, "celsius", 1],
  "m/s": [3.6, "kmh", 0],
  "km/h": [1, "kmh", 0],
  Wh: [0.001, "kwh", 1],
  "ug/m3": [1, "ugm3", 1],
  dB: [1, "db", 1],
  h: [1, "hours", 1],
  m: [1, "metres", 2],
  m3: [1, "m3", 2],
  "%": [1, "percent", 1],
  "%RH": [1, "percent", 1],
  "%EL": [1, "percent", 0],
  "/": [100, "percent", 1],
  count: [1, "pieces", 0],
  NTU: [1, "ntu", 2],
  V: [1, "volt", 1],
  A: [1, "ampere", 2],
  W: [1, "watt", 0],
  lx: [1, "lux", 0],
  ppm: [1, "ppm", 1],
  deg: [1, "degrees", 0],
};

/** "312 kPa"; a unit that nobody named here is told as it is kept. */
export function quantity(value: number | null | undefined, unit: string | null | undefined): string {
  if (value == null) return "–";
  const [scale, name, digits] = SHOWN[unit ?? ""] ?? [1, null, 2];
  const figure = number(value * scale, language.current, digits);
  const word = name ? say(name).trim() : (unit ?? "");
  return word ? `${figure} ${word}` : figure;
}
