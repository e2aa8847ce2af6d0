import { gzipSync } from "node:zlib";
import type { Plugin, Rollup } from "vite";

/** Prints how much JavaScript the first page needs, gzipped, and fails the build when it is too much. */
export function budget({ initialKb }: { initialKb: number }): Plugin {
  return {
    name: "ahual-budget",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const kb = (some: Rollup.OutputChunk[]) =>
        some.reduce((sum, chunk) => sum + gzipSync(chunk.code).length, 0) / 1000;
      const first = needed(
        chunks.filter((chunk) => chunk.isEntry),
        bundle,
      );
      const opening = kb(first);
      this.info(
        `initial JavaScript ${opening.toFixed(1)} kB gzip (limit ${initialKb}), all ${kb(chunks).toFixed(1)} kB`,
      );
      if (opening > initialKb) this.error(`initial JavaScript is over ${initialKb} kB gzip`);
    },
  };
}

function needed(entries: Rollup.OutputChunk[], bundle: Rollup.OutputBundle): Rollup.OutputChunk[] {
  const found = new Set<Rollup.OutputChunk>();
  const queue = [...entries];
  for (let chunk = queue.pop(); chunk; chunk = queue.pop()) {
    if (found.has(chunk)) continue;
    found.add(chunk);
    for (const name of chunk.imports) {
      const imported = bundle[name];
      if (imported?.type === "chunk") queue.push(imported);
    }
  }
  return [...found];
}
