// Ages, states and targets in words: what several views say the same way.
import type { Schemas } from "../api/client.ts";
import { clock } from "../live/clock.svelte.ts";
import { measured, number } from "./format.ts";
import { inLanguage, language, sayer } from "./language.svelte.ts";
import texts from "./texts.json";

const say = sayer(texts);
const STEPS = [
  ["age_d", 86_400],
  ["age_h", 3600],
  ["age_min", 60],
  ["age_s", 1],
] as const;

/** A length of time, seconds, in its largest whole unit; shorter than a second in ms. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 1) return say("age_ms", { n: number(seconds * 1000, language.current, 0) });
  const [unit, size] = STEPS.find(([, length]) => seconds >= length) ?? STEPS[3];
  return say(unit, { n: number(Math.floor(seconds / size), language.current, 0) });
}

/** How long ago; it goes on growing. */
export function ago(iso: string): string {
  const age = clock.age(iso);
  return age < 1 ? say("now") : say("ago", { age: duration(age) });
}

/** What of a KPI's row says how its figures read. */
type Measured = Pick<Schemas["KpiRow"], "target" | "unit" | "unit_name">;
export type Freshness = Schemas["KpiState"]["freshness"];

export function freshness(state: Freshness): string {
  return say(state);
}

/** The colour of a state's tag. */
export const TONE: Record<Freshness, "good" | "warn" | "bad" | ""> = {
  fresh: "good",
  stale: "warn",
  missing: "bad",
  not_applicable: "",
  unbound: "",
};

/** The unit as it stands beside a figure; two are named at such length that they would hide it. */
export function unit(row: Measured): string {
  if (row.unit === "percent_change") return say("short_percent_change");
  if (row.unit === "hours_by_category") return say("short_hours_by_category");
  return inLanguage(row.unit_name);
}

/** How figures went, for who cannot see their curve: `name`, where it began and ended, and how far it reached. */
export function course(
  name: string,
  values: readonly (number | null)[],
  shown: (value: number) => string = (value) => measured(value, language.current),
): string {
  const known = values.filter((value) => value !== null);
  if (!known.length) return say("course_none", { name });
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const said = { first: known[0]!, last: known.at(-1)!, low, high };
  return say("course", {
    name,
    ...Object.fromEntries(Object.entries(said).map(([key, value]) => [key, shown(value)])),
  });
}

/** The target as the order has it for the city's category; `form` "aloud": without signs, to be listened to. */
export function target(row: Measured, form: "target" | "aloud" = "target"): string {
  const goal = row.target;
  const shown = (value: number | undefined) => number(value, language.current, 3);
  if (!goal) return say("target_none");
  switch (goal.op) {
    case ">=":
      return say(`${form}_at_least`, { value: shown(goal.value), unit: unit(row) });
    case "<=":
      return say(`${form}_at_most`, { value: shown(goal.value), unit: unit(row) });
    case "between":
      return say(`${form}_between`, { low: shown(goal.low), high: shown(goal.high), unit: unit(row) });
    case "decrease":
      return say(`${form}_decrease`, { value: shown(goal.value) });
    case "increase":
      return say(`${form}_increase`, { value: shown(goal.value) });
    case "no_worse":
      return say("target_no_worse");
    case "each_at_most":
      return say(`${form}_at_most`, {
        value: Object.values(goal.value).map(shown).join(" / "),
        unit: unit(row),
      });
  }
}
