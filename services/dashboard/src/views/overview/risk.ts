import type { KpiRow, KpiState, Snapshot } from "../../api/client.ts";

export interface AtRisk {
  row: KpiRow;
  state: KpiState;
  /** Index points that the KPI could earn and does not. */
  lost: number;
}

/** KPIs that miss their target or whose data age (scored and flagged), the dearest first. */
export function atRisk(rows: readonly KpiRow[], snapshot: Snapshot): AtRisk[] {
  return rows
    .flatMap((row) => {
      const state = snapshot.kpis[row.code];
      if (!state || state.attainment === null) return [];
      const lost = state.max_points - state.points;
      return lost > 0 || state.freshness === "stale" ? [{ row, state, lost }] : [];
    })
    .sort((a, b) => b.lost - a.lost);
}
