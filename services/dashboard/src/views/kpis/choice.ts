// Which KPIs are listed, and in which order and groups. Pure.
import type { KpiRow, KpiState } from "../../api/client.ts";

export type Status = "met" | "missed" | "stale" | "without";
export const STATUSES: readonly Status[] = ["missed", "stale", "met", "without"];
export const GROUPINGS = ["system", "section", "status", "none"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface Choice {
  search: string;
  section: string;
  status: Status | "";
  grouping: Grouping;
}

export type Item = { kind: "group"; key: string; count: number } | { kind: "kpi"; row: KpiRow };
type States = Record<string, KpiState> | undefined;

/** What an operator has to do with it: nothing, lift it, look at its sources, connect it. */
export function status(state: KpiState | undefined): Status {
  if (!state || state.value === null) return "without";
  if (state.freshness === "stale") return "stale";
  return state.attainment === null || state.attainment >= 1 ? "met" : "missed";
}

/** Every word of the search stands in the KPI's code, name, system or initiative, in any language. */
export function found(row: KpiRow, search: string): boolean {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const text = [row.code, row.name, row.system, row.initiative_name]
    .flatMap(spoken)
    .join(" ")
    .toLocaleLowerCase();
  return words.every((word) => text.includes(word));
}

/** The rows that fit, under the headings of their groups. */
export function listed(rows: readonly KpiRow[], states: States, choice: Choice): Item[] {
  const fitting = rows.filter(
    (row) =>
      (!choice.section || row.section === choice.section) &&
      (!choice.status || status(states?.[row.code]) === choice.status) &&
      found(row, choice.search),
  );
  if (choice.grouping === "none") {
    const lost = (row: KpiRow) => (states?.[row.code]?.max_points ?? 0) - (states?.[row.code]?.points ?? 0);
    return [...fitting].sort((a, b) => lost(b) - lost(a)).map((row) => ({ kind: "kpi", row }));
  }
  const groups = new Map<string, KpiRow[]>();
  for (const row of fitting) {
    const key = group(row, states, choice.grouping);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups]
    .sort(([a], [b]) => (choice.grouping === "status" ? rank(a) - rank(b) : 0))
    .flatMap(([key, own]): Item[] => [
      { kind: "group", key, count: own.length },
      ...own.map((row): Item => ({ kind: "kpi", row })),
    ]);
}

function group(row: KpiRow, states: States, grouping: "system" | "section" | "status"): string {
  if (grouping === "system") return String(row.initiative);
  return grouping === "section" ? row.section : status(states?.[row.code]);
}

const rank = (key: string) => STATUSES.indexOf(key as Status);
const spoken = (text: KpiRow["name"]) => (typeof text === "string" ? [text] : Object.values(text));
