// What the feed does not carry, read again and again while somebody looks at it.
import { ApiFailure } from "../api/client.ts";
import { pausing } from "../session/pause.ts";

export interface Polled<T> {
  /** null until the first answer; the last good one afterwards. */
  readonly value: T | null;
  /** Why the newest attempt failed; null when it did not. */
  readonly failure: ApiFailure | null;
}

/** Call within a component: `read` is called at once, when something it reads from the page's state changes, and every `seconds`. */
export function polled<T>(seconds: number, read: (signal: AbortSignal) => Promise<T> | null): Polled<T> {
  const held = $state<{ value: T | null; failure: ApiFailure | null }>({ value: null, failure: null });
  const paused = pausing();
  let rested = false;
  $effect(() => {
    if (paused()) {
      rested = true;
      return;
    }
    const stop = new AbortController();
    let next: ReturnType<typeof setTimeout> | undefined;
    const again = (reading: Promise<T> | null): void => {
      if (!reading) return;
      reading
        .then((value) => Object.assign(held, { value, failure: null }))
        .catch((error: unknown) => {
          if (!stop.signal.aborted)
            held.failure = error instanceof ApiFailure ? error : new ApiFailure(0, String(error));
        })
        .finally(() => {
          if (!stop.signal.aborted) next = setTimeout(() => again(read(stop.signal)), seconds * 1000);
        });
    };
    if (!rested) held.value = null;
    rested = false;
    again(read(stop.signal));
    return () => {
      stop.abort();
      clearTimeout(next);
    };
  });
  return held;
}
