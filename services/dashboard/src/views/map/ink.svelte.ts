// The theme's colours, for what draws on a canvas.
import { theme } from "../../app/theme.svelte.ts";
import type { Ink } from "./looks.ts";

const dark = matchMedia("(prefers-color-scheme: dark)");
let system = $state(0);
dark.addEventListener("change", () => (system += 1));

/** Reactive: changes with the theme. */
export function ink(): Ink {
  void [theme.current, system];
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: token("ink"),
    quiet: token("quiet"),
    surface: token("surface"),
    ground: token("ground"),
    line: token("line"),
    accent: token("accent"),
    onAccent: token("on-accent"),
  };
}
