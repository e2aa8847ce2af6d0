import { expect, test } from "vitest";
import type { Schemas, Snapshot } from "../api/client.ts";
import { applied } from "./difference.ts";

const kpi = (value: number) => ({ value, section: "safety" }) as Schemas["KpiState"];
const held = {
  revision: 4,
  index: 80,
  rating: "good",
  sections: { safety: { score: 0.8, weight: 25, points: 20 } },
  kpis: { "2.1": kpi(14), "2.2": kpi(3) },
} as unknown as Snapshot;
const change = (previous: number): Schemas["ChangeMessage"] => ({
  type: "change",
  revision: 5,
  previous,
  server_time: "2026-11-22T18:00:03Z",
  computed_at: "2026-11-22T18:00:03Z",
  index: 81,
  lower: 20,
  upper: 95,
  coverage: 0.25,
  total: 81,
  rating: "good",
  sections: {},
  kpis: { "2.1": kpi(10) },
});

test("a change replaces what it lists and leaves the rest as it is", () => {
  const next = applied(held, change(4));
  expect(next).toMatchObject({ revision: 5, index: 81, sections: held.sections });
  expect(next?.kpis["2.1"]?.value).toBe(10);
  expect(next?.kpis["2.2"]).toBe(held.kpis["2.2"]);
  expect(held.kpis["2.1"]?.value).toBe(14);
  expect(next).not.toHaveProperty("previous");
});

test("a change to another revision fits nothing", () => {
  expect(applied(held, change(3))).toBeNull();
  expect(applied(null, change(4))).toBeNull();
});

test("a heartbeat changes nothing, a snapshot everything", () => {
  const heartbeat = { type: "heartbeat", server_time: "", revision: 4, confirmed_at: null } as const;
  expect(applied(held, heartbeat)).toBe(held);
  const snapshot = { ...held, revision: 9 };
  expect(applied(held, { type: "snapshot", revision: 9, server_time: "", snapshot })).toBe(snapshot);
});
