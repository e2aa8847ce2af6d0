import type { Schemas } from "../../api/client.ts";

type Step = Schemas["Waterfall"]["steps"][number];
interface Rest {
  count: number;
  start: number;
  end: number;
}

/**
 * The `count` largest steps, put end to end again, and the rest as one: from the first level to the last without a
 * remainder, whatever was left out.
 */
export function largest(steps: readonly Step[], count: number): { shown: Step[]; rest: Rest | null } {
  const first = steps[0];
  const last = steps.at(-1);
  if (!first || !last) return { shown: [], rest: null };
  const size = (step: Step) => Math.abs(step.end - step.start);
  const chosen = [...steps].sort((a, b) => size(b) - size(a)).slice(0, count);
  let level = first.start;
  const shown = chosen.map((step) => {
    const start = level;
    level += step.end - step.start;
    return { ...step, start, end: level };
  });
  const left = steps.length - chosen.length;
  return { shown, rest: left ? { count: left, start: level, end: last.end } : null };
}
