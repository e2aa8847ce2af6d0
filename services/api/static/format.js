// Numbers, times and sentences in the reader's language. Pure: no page, no network.

// Chromium ships no Kazakh conventions and would fall back to the system's; for digits they are those of Russian.
const CONVENTIONS = { kk: "ru", ru: "ru", en: "en-GB" };

export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

export function number(value, lang, digits = 1) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(CONVENTIONS[lang], { minimumFractionDigits: 0, maximumFractionDigits: digits }).format(value);
}

// A measured value: two decimals, but never a bare 0 for something that is not nothing.
export function measured(value, lang) {
  if (!value || Math.abs(value) >= 0.01) return number(value, lang, 2);
  return new Intl.NumberFormat(CONVENTIONS[lang], { maximumSignificantDigits: 2 }).format(value);
}

// 1.4 has a value per category of data, in the order of its target; a category without data is a dash.
export function reading(value, goal, lang) {
  if (value === null || typeof value !== "object") return measured(value, lang);
  return Object.keys(goal?.value ?? value).map((part) => measured(value[part], lang)).join(" / ");
}

export function fixed(value, lang, digits = 1) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(CONVENTIONS[lang], { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function percent(ratio, lang, digits = 0) {
  if (ratio === null || ratio === undefined) return "–";
  return new Intl.NumberFormat(CONVENTIONS[lang], { style: "percent", maximumFractionDigits: digits }).format(ratio);
}

const STEPS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

export function duration(seconds, texts, lang) {
  const [unit, size] = STEPS.find(([, length]) => seconds >= length) ?? STEPS[3];
  return fill(texts[`page_age_${unit}`], { n: number(Math.floor(seconds / size), lang, 0) });
}

export function moment(iso, lang, timeZone) {
  const shape = { day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  return new Intl.DateTimeFormat(CONVENTIONS[lang], { ...shape, timeZone }).format(new Date(iso));
}

export function target(goal, unit, texts, lang) {
  if (!goal) return texts.page_target_none;
  const value = number(goal.value, lang, 3);
  switch (goal.op) {
    case ">=": return `≥ ${value} ${unit}`;
    case "<=": return `≤ ${value} ${unit}`;
    case "between":
      return `${fill(texts.page_target_between, { low: number(goal.low, lang), high: number(goal.high, lang) })} ${unit}`;
    case "decrease":
    case "increase": return fill(texts[`page_target_${goal.op}`], { value });
    case "no_worse": return texts.page_target_no_worse;
    default: return `≤ ${Object.values(goal.value).map((hours) => number(hours, lang)).join(" / ")} ${unit}`;
  }
}
