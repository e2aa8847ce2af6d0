// Light, dark, or as the system has it.
import { keep, kept } from "./kept.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

class ThemeChoice {
  current = $state<Theme>("auto");

  use(theme: Theme): void {
    this.current = theme;
    document.documentElement.dataset.theme = theme;
    keep("theme", theme);
  }

  start(asked: string | null): void {
    this.use(THEMES.find((theme) => theme === (asked ?? kept("theme"))) ?? "auto");
  }
}

export const theme = new ThemeChoice();
