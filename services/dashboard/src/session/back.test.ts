import { expect, test } from "vitest";
import { returned } from "./back.ts";

test("from the provider one comes back to the view one left, with its query", () => {
  expect(returned("", "", "?lang=kk#/kpis/2.1")).toEqual({ view: "?lang=kk#/kpis/2.1", reason: null });
  expect(returned("?sign_in=unknown_user", "", "#/map")).toEqual({ view: "#/map", reason: "unknown_user" });
});

test("without a view that was left the reason only leaves the address", () => {
  expect(returned("?sign_in=provider_away&lang=kk", "#/kpis", null)).toEqual({
    view: "?lang=kk#/kpis",
    reason: "provider_away",
  });
});

test("who goes elsewhere in the meantime is not taken back", () => {
  expect(returned("?lang=ru", "#/rating", "#/map")).toEqual({ view: null, reason: null });
  expect(returned("", "#/rating", "#/map")).toEqual({ view: null, reason: null });
});

test("nothing but a view of this page is returned to, and no text from outside is a reason", () => {
  for (const kept of ["https://elsewhere.example/", "//elsewhere.example/#/", "javascript:1#/", "/x#/"]) {
    expect(returned("", "", kept)).toEqual({ view: null, reason: null });
  }
  expect(returned("?sign_in=<b>call+this+number</b>", "#/", null).reason).toBe("other");
});
