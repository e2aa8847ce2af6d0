// Light, dark, or as the system has it.
import { keep, kept } from "./kept.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

class ThemeChoice {
  current = $state<Theme>("auto");
  private system = $state(false);
  /** Whether the page is dark now. */
  dark = $derived(this.current === "auto" ? this.system : this.current === "dark");

  use(theme: Theme): void {
    this.current = theme;
    document.documentElement.dataset.theme = theme;
    keep("theme", theme);
  }

  start(asked: string | null): void {
    const system = matchMedia("(prefers-color-scheme: dark)");
    this.system = system.matches;
    system.addEventListener("change", () => (this.system = system.matches));
    this.use(THEMES.find((theme) => theme === (asked ?? kept("theme"))) ?? "auto");
  }
}

export const theme = new ThemeChoice();
