/// <reference types="vitest/config" />
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { budget } from "./tools/budget.ts";
import { visualisations } from "./tools/visualisations.ts";

// Where `npm run dev` finds an API: `make demo`, unless told otherwise. The Host header stays the page's own, because
// the API takes WebSockets of its own pages only.
const api = process.env.AHUAL_API ?? "http://127.0.0.1:18080";

export default defineConfig({
  base: "./", // the same files answer at any address
  plugins: [svelte(), visualisations(), budget({ initialKb: 300 })],
  preview: { proxy: { "/api": { target: api, ws: true } } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500, // the map's library is one large chunk, fetched only by the map
  },
  server: { proxy: { "/api": { target: api, ws: true } } },
  test: { include: ["src/**/*.test.ts"] },
});
