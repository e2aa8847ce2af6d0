import { expect, test } from "vitest";
import type { KpiRow, KpiState } from "../../api/client.ts";
import { found, listed, status, type Choice } from "./choice.ts";

const text = (en: string) => ({ kk: `${en} қз`, ru: `${en} рус`, en });
const row = (code: string, section: string, name: string) =>
  ({
    code,
    section,
    initiative: Number(code.split(".")[0]),
    name: text(name),
    system: text("109"),
    initiative_name: text("x"),
  }) as unknown as KpiRow;
const state = (attainment: number | null, freshness = "fresh") =>
  ({ value: 1, attainment, freshness, max_points: 2, points: 2 * (attainment ?? 0) }) as KpiState;
const rows = [row("1.1", "safety", "Delay"), row("2.1", "safety", "Waiting"), row("10.1", "ecology", "Fire")];
const states = { "1.1": state(1), "2.1": state(0.5), "10.1": state(0.9, "stale") };
const all: Choice = { search: "", section: "", status: "", grouping: "system" };
const codes = (choice: Partial<Choice>) =>
  listed(rows, states, { ...all, ...choice }).map((item) =>
    item.kind === "kpi" ? item.row.code : `#${item.key}`,
  );

test("groups stand in the order's order, statuses by urgency", () => {
  expect(codes({})).toEqual(["#1", "1.1", "#2", "2.1", "#10", "10.1"]);
  expect(codes({ grouping: "section" })).toEqual(["#safety", "1.1", "2.1", "#ecology", "10.1"]);
  expect(codes({ grouping: "status" })).toEqual(["#missed", "2.1", "#stale", "10.1", "#met", "1.1"]);
  expect(codes({ grouping: "none" })).toEqual(["2.1", "10.1", "1.1"]);
});

test("conditions add up", () => {
  expect(codes({ section: "safety", status: "missed", grouping: "none" })).toEqual(["2.1"]);
  expect(codes({ search: "wait рус", grouping: "none" })).toEqual(["2.1"]);
  expect(codes({ search: "no such" })).toEqual([]);
});

test("a search meets code and every language, whatever the case", () => {
  expect(found(rows[2]!, "10.1")).toBe(true);
  expect(found(rows[2]!, "FIRE қз")).toBe(true);
  expect(found(rows[2]!, "fire water")).toBe(false);
});

test("a status says what is to be done", () => {
  expect([
    status(undefined),
    status(state(null)),
    status(state(1)),
    status(state(0.2)),
    status(state(1, "stale")),
  ]).toEqual(["without", "met", "met", "missed", "stale"]);
});
