// Whether what is polled within a part of the page rests: its session ended, and it would only be refused.
import { getContext, setContext } from "svelte";

const PAUSED = Symbol("paused");
type Paused = () => boolean;

/** Call within a component, for those inside it. */
export function pauseWhen(paused: Paused): void {
  setContext<Paused>(PAUSED, paused);
}

/** Call within a component. The answer is reactive. */
export function pausing(): Paused {
  return getContext<Paused | undefined>(PAUSED) ?? (() => false);
}
