import { expect, test } from "vitest";
import type { Schemas } from "../../api/client.ts";
import { band, csv, ofPeriods } from "./history.ts";

test("a closed period counts by its newest revision", () => {
  const revisions = [{ value: 2 }, { value: 3 }] as Schemas["Revision"][];
  const periods = [
    { name: "2026-11-21", begin: "2026-11-20T19:00:00Z", end: "2026-11-21T19:00:00Z", revisions },
  ];
  const closed = { code: "2.1", unit: "s", period: "day", periods } as Schemas["ClosedPeriods"];
  expect(ofPeriods(closed)).toEqual({ moments: [Date.parse("2026-11-20T19:00:00Z")], values: [3] });
});

test("the band is where the target is met", () => {
  expect(band({ op: "<=", value: 20, stated: [] })).toEqual({ low: null, high: 20 });
  expect(band({ op: "between", low: 60, high: 80, stated: [] })).toEqual({ low: 60, high: 80 });
  expect(band({ op: "decrease", value: 10, stated: [] })).toEqual({ low: null, high: -10 });
  expect(band(null)).toBeNull();
});

test("a cell with a comma or a quotation mark is quoted", () => {
  expect(
    csv(
      ["a", "b"],
      [
        ['say "x", y', null],
        ["z", 1.5],
      ],
    ),
  ).toBe('\uFEFFa,b\r\n"say ""x"", y",\r\nz,1.5\r\n');
});
