import { expect, test } from "vitest";
import { overEvents, wait } from "./feed.ts";

test("attempts come later and later, spread, and at last every 15 s", () => {
  expect([wait(1, 0), wait(1, 1), wait(3, 0), wait(40, 1)]).toEqual([500, 1000, 2000, 15_000]);
});

test("two WebSockets fail before server-sent events are tried, and every third try is a WebSocket again", () => {
  expect([0, 1, 2, 3, 4, 5, 6].map(overEvents)).toEqual([false, false, true, false, true, true, false]);
});
