import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const MARK = /data-visualisation="([a-z-]+)"/g;
const KINDS = new URL("../src/charts/kinds.json", import.meta.url);

type Names = Record<string, { kk: string; ru: string; en: string }>;

/**
 * Writes `visualisations.json`: the kinds of visualisation that are really in the build, each with the file that marks
 * it. KPI 1.3 is measured from it, so it is derived from what was compiled and cannot be typed in.
 */
export function visualisations(): Plugin {
  return {
    name: "ahual-visualisations",
    generateBundle(_options, bundle) {
      const names = JSON.parse(readFileSync(KINDS, "utf-8")) as Names;
      const found = new Map<string, string>();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== "chunk") continue;
        for (const [, kind] of chunk.code.matchAll(MARK)) found.set(kind as string, `/${chunk.fileName}`);
      }
      const nameless = [...found.keys()].filter((kind) => !(kind in names));
      if (nameless.length) this.error(`no name in src/charts/kinds.json: ${nameless.join(", ")}`);
      const listed = [...found].sort().map(([code, page]) => ({ code, page, name: names[code] }));
      this.emitFile({
        type: "asset",
        fileName: "visualisations.json",
        source: `${JSON.stringify(listed, null, 2)}\n`,
      });
    },
  };
}
