import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("location", { hash: "", search: "" });
vi.stubGlobal("addEventListener", () => undefined);
const { asking, instantIn, placed } = await import("./route.svelte.ts");

describe("the address", () => {
  it("says what is shown, as a person would write it", () => {
    const at = "2026-11-20T10:10:00.000Z";
    expect(asking("#/map", "", { at, layers: "air,roads" })).toBe(
      "#/map?at=2026-11-20T10:10:00.000Z&layers=air,roads",
    );
    expect(placed(asking("#/map?kpi=1.9", "", { at }), "").query.get("at")).toBe(at);
    expect(asking("#/map?kpi=1.9&at=x", "", { at: null })).toBe("#/map?kpi=1.9");
  });

  it("takes back what the page's own query asks", () => {
    const hash = asking("#/map", "?kpi=2.1&lang=kk", { kpi: null });
    expect(placed(hash, "?kpi=2.1&lang=kk").query.get("kpi")).toBe("");
    expect(placed(hash, "?kpi=2.1&lang=kk").query.get("lang")).toBe("kk");
  });

  it("names an instant or none", () => {
    expect(instantIn("2026-11-20T15:10:00+05:00")).toBe("2026-11-20T10:10:00.000Z");
    expect([instantIn(null), instantIn(""), instantIn("<b>")]).toEqual([null, null, null]);
  });
});
