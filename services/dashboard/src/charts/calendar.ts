// Days as a calendar: a column per week, a row per weekday, Monday first. Pure.

export interface Day {
  /** 2026-11-22, in the city's own calendar. */
  name: string;
  value: number | null;
}
export interface Cell extends Day {
  week: number;
  /** 0 Monday … 6 Sunday. */
  weekday: number;
}

const DAY_MS = 86_400_000;

/** Days by name, ascending, with their place; days without an entry between the first and the last have no value. */
export function cells(days: readonly Day[]): Cell[] {
  const first = days[0];
  const last = days.at(-1);
  if (!first || !last) return [];
  const known = new Map(days.map((day) => [day.name, day.value]));
  const begin = noon(first.name);
  const offset = weekday(begin);
  const count = Math.round((noon(last.name) - begin) / DAY_MS) + 1;
  return Array.from({ length: count }, (_, index) => {
    const name = new Date(begin + index * DAY_MS).toISOString().slice(0, 10);
    const place = index + offset;
    return { name, value: known.get(name) ?? null, week: Math.floor(place / 7), weekday: place % 7 };
  });
}

const noon = (name: string) => Date.parse(`${name}T12:00:00Z`);
const weekday = (ms: number) => (new Date(ms).getUTCDay() + 6) % 7;

/** 0 (none of the target) … 4 (the target is met); null without a figure. */
export function heat(attainment: number | null): number | null {
  return attainment === null ? null : attainment >= 1 ? 4 : Math.min(3, Math.floor(attainment * 4));
}
