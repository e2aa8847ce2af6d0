// Numbers, times and sentences in the reader's language. Pure: no page, no network.

export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

export function number(value, lang, digits = 1) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(lang, { minimumFractionDigits: 0, maximumFractionDigits: digits }).format(value);
}

export function fixed(value, lang, digits = 1) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function percent(ratio, lang, digits = 0) {
  if (ratio === null || ratio === undefined) return "–";
  return new Intl.NumberFormat(lang, { style: "percent", maximumFractionDigits: digits }).format(ratio);
}

const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export function duration(seconds, lang) {
  const [unit, size] = STEPS.find(([, length]) => seconds >= length) ?? STEPS[3];
  return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "short" }).format(Math.floor(seconds / size));
}

export function moment(iso, lang, timeZone) {
  return new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "medium", timeZone }).format(new Date(iso));
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
