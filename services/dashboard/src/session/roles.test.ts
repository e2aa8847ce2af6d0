import { expect, test } from "vitest";
import { highest, lost, may, type Session } from "./roles.ts";

const nobody: Session = {
  user: null,
  roles: [],
  csrf: null,
  expires_at: null,
  password: true,
  provider: null,
  open_reads: false,
};
const who = (...roles: Session["roles"]): Session => ({ ...nobody, user: "aigul", roles });

test("before the session is known nothing closed is asked for, and a visitor may read nothing closed", () => {
  expect(may(null, "viewer", "almaty")).toBe(false);
  expect(may(nobody, "viewer", "almaty")).toBe(false);
});

test("an open demo may be read by everybody", () => {
  expect(may({ ...nobody, open_reads: true }, "operator", "almaty")).toBe(true);
});

test("a role counts in its own city, an operator's includes a viewer's, not the other way round", () => {
  const viewer = who({ city: "almaty", role: "viewer" });
  expect(may(viewer, "viewer", "almaty")).toBe(true);
  expect(may(viewer, "viewer", "karaganda")).toBe(false);
  expect(may(viewer, "operator", "almaty")).toBe(false);
  expect(may(who({ city: "*", role: "operator" }), "viewer", "karaganda")).toBe(true);
  expect(may(who({ city: "*", role: "exporter" }), "viewer", "almaty")).toBe(false);
});

test("the highest role of the city is told", () => {
  const mixed = who({ city: "*", role: "viewer" }, { city: "almaty", role: "administrator" });
  expect([highest(mixed, "almaty"), highest(mixed, "karaganda"), highest(nobody, "almaty")]).toEqual([
    "administrator",
    "viewer",
    null,
  ]);
});

test("a session is lost when somebody was known and nobody is", () => {
  expect([lost(null, nobody), lost(nobody, nobody), lost(who(), who()), lost(who(), nobody)]).toEqual([
    false,
    false,
    false,
    true,
  ]);
});
