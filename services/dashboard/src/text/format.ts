// Numbers and times in the reader's language. Pure: no page, no network.
import type { Schemas } from "../api/client.ts";
import type { Lang } from "./language.svelte.ts";

// Chromium ships no Kazakh conventions and would fall back to the system's; for digits they are those of Russian.
const CONVENTIONS: Record<Lang, string> = { kk: "ru", ru: "ru", en: "en-GB" };
export const NOTHING = "–";

const numbers = new Map<string, Intl.NumberFormat>();

/** Formatters are dear to make: one per language and form. */
function formatter(lang: Lang, form: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${lang}${JSON.stringify(form)}`;
  let made = numbers.get(key);
  if (!made) numbers.set(key, (made = new Intl.NumberFormat(CONVENTIONS[lang], form)));
  return made;
}

export function number(value: number | null | undefined, lang: Lang, digits = 1): string {
  return value == null ? NOTHING : formatter(lang, { maximumFractionDigits: digits }).format(value);
}

/** With all its decimals, so that columns and changing figures keep their width. */
export function fixed(value: number | null | undefined, lang: Lang, digits = 1): string {
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value == null ? NOTHING : formatter(lang, form).format(value);
}

/** With its sign. */
export function signed(value: number, lang: Lang, digits = 2): string {
  const form = {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: "exceptZero",
  } as const;
  return formatter(lang, form).format(value);
}

/** A measured value: two decimals, but never a bare 0 for something that is not nothing. */
export function measured(value: number | null | undefined, lang: Lang): string {
  if (!value || Math.abs(value) >= 0.01) return number(value, lang, Math.abs(value ?? 0) >= 1000 ? 0 : 2);
  return formatter(lang, { maximumSignificantDigits: 2 }).format(value);
}

type Value = Schemas["KpiState"]["value"];
type Target = Schemas["KpiRow"]["target"];

/** A KPI's value; 1.4 has one per category of data, in the order of its target, a dash where there is none. */
export function reading(value: Value, target: Target, lang: Lang): string {
  if (value === null || typeof value !== "object") return measured(value, lang);
  const order = target && "value" in target && typeof target.value === "object" ? target.value : value;
  return Object.keys(order)
    .map((part) => measured(value[part], lang))
    .join(" / ");
}

export function percent(ratio: number | null | undefined, lang: Lang, digits = 0): string {
  return ratio == null
    ? NOTHING
    : formatter(lang, { style: "percent", maximumFractionDigits: digits }).format(ratio);
}

/** Attainment, rounded down: 100 % is said of a target that is met, and of no other. */
export function attained(share: number | null | undefined, lang: Lang, digits = 0): string {
  const step = 10 ** (digits + 2);
  return percent(share == null ? share : Math.floor(share * step + 1e-9) / step, lang, digits);
}

const moments = new Map<string, Intl.DateTimeFormat>();

function dated(lang: Lang, timeZone: string, form: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${lang}${timeZone}${JSON.stringify(form)}`;
  let made = moments.get(key);
  if (!made) moments.set(key, (made = new Intl.DateTimeFormat(CONVENTIONS[lang], { ...form, timeZone })));
  return made;
}

const DATE = { day: "2-digit", month: "2-digit", year: "numeric" } as const;
const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;

export function moment(when: string | number, lang: Lang, timeZone: string): string {
  return dated(lang, timeZone, { ...DATE, ...TIME, second: "2-digit" }).format(new Date(when));
}

export function date(when: string | number, lang: Lang, timeZone: string): string {
  return dated(lang, timeZone, DATE).format(new Date(when));
}

export function time(when: string | number, lang: Lang, timeZone: string, seconds = false): string {
  return dated(lang, timeZone, { ...TIME, ...(seconds && { second: "2-digit" }) }).format(new Date(when));
}
