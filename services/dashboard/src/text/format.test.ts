import { expect, test } from "vitest";
import { attained, fixed, measured, moment, number, percent, reading, signed } from "./format.ts";

const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

test("figures are written as the language writes them", () => {
  expect(plain(number(1234.56, "ru"))).toBe("1 234,6");
  expect(plain(number(1234.56, "kk"))).toBe("1 234,6");
  expect(number(1234.56, "en")).toBe("1,234.6");
  expect(number(null, "en")).toBe("–");
  expect(fixed(81.5, "kk", 2)).toBe("81,50");
  expect(plain(percent(0.252, "ru", 1))).toBe("25,2 %");
  expect([signed(0.5, "en"), signed(0, "en")]).toEqual(["+0.50", "0.00"]);
});

test("something that is not nothing is never a bare 0", () => {
  expect([measured(0.0042, "en"), measured(0, "en"), measured(14.234, "en")]).toEqual([
    "0.0042",
    "0",
    "14.23",
  ]);
});

test("100 % is said only of a target that is met", () => {
  expect([
    attained(0.9996, "en"),
    attained(1, "en"),
    attained(0.29, "en"),
    attained(0.9996, "en", 1),
  ]).toEqual(["99%", "100%", "29%", "99.9%"]);
});

test("a value per category of data stands in the order of its target", () => {
  const target = { op: "each_at_most", value: { safety: 1, housing: 2, ecology: 3, education: 24 } } as const;
  const value = { education: 20, safety: 0.5, ecology: 2 };
  expect(reading(value, { ...target, stated: [] }, "en")).toBe("0.5 / – / 2 / 20");
});

test("moments are the city's, in figures", () => {
  expect(plain(moment("2026-11-22T20:00:05Z", "kk", "Asia/Almaty"))).toBe("23.11.2026, 01:00:05");
  expect(moment("2026-11-22T20:00:05Z", "en", "Asia/Almaty")).toBe("23/11/2026, 01:00:05");
});
