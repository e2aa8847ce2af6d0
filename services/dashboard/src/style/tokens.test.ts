import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf-8");
const TOKEN = /--([\w-]+): light-dark\((#[0-9a-f]{6,8}), (#[0-9a-f]{6,8})\);/g;
const tokens = new Map(
  [...css.matchAll(TOKEN)].map(([, name, light, dark]) => [name!, { light: light!, dark: dark! }]),
);
const INKS: Record<string, string[]> = {
  ink: ["ground", "surface", "track", "accent-soft", "good-soft", "warn-soft", "bad-soft"],
  quiet: ["ground", "surface", "track", "accent-soft", "warn-soft", "bad-soft"],
  accent: ["ground", "surface", "accent-soft"],
  "on-accent": ["accent"],
  good: ["ground", "surface", "good-soft"],
  warn: ["ground", "surface", "warn-soft"],
  bad: ["ground", "surface", "bad-soft"],
};
const MARKS: Record<string, string[]> = {
  edge: ["ground", "surface"],
  accent: ["ground", "surface"], // the focus ring
  chart: ["ground", "surface", "track"],
  good: ["ground", "surface", "track"],
  warn: ["ground", "surface", "track"],
  bad: ["ground", "surface", "track"],
  quiet: ["ground", "surface", "track"],
};
const pairs = (from: typeof INKS, least: number) =>
  Object.entries(from).flatMap(([mark, grounds]) =>
    grounds.flatMap((ground) =>
      (["light", "dark"] as const).map((theme) => ({ theme, mark, ground, least })),
    ),
  );

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

test("black on white is 21 : 1", () => expect(contrast("#000000", "#ffffff")).toBeCloseTo(21));

test("every colour is stated for both themes, once", () => {
  const stated = [...css.matchAll(/^ {2}--([\w-]+):.*#/gm)].map(([, name]) => name);
  expect(stated).toEqual([...tokens.keys()]);
  expect(new Set(stated).size).toBe(stated.length);
});

test.each([...pairs(INKS, 4.5), ...pairs(MARKS, 3)])(
  "$mark on $ground, $theme, reaches $least : 1",
  (pair) => {
    const of = (name: string) => tokens.get(name)![pair.theme];
    expect(contrast(of(pair.mark), of(pair.ground))).toBeGreaterThanOrEqual(pair.least);
  },
);
