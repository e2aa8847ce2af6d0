// The tokens as colours of the present theme, for what draws on a canvas.
import { theme } from "../app/theme.svelte.ts";

/** `colour("ink")`: rgb(…). Reactive: another theme is another colour. */
export function colour(token: string): string {
  void theme.dark;
  const probe = document.createElement("span");
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
