// What the parts of the scheme share.
import type { Schemas } from "../../api/client.ts";
import { clock } from "../../live/clock.svelte.ts";

export type Scheme = Schemas["Scheme"];
export type Measured = Schemas["Measured"];
export type Alarm = Schemas["Alarm"];

const OLD_S = 1800;

/** The value of one quantity of a node or pipe; null where it is not measured. */
export function of(values: readonly Measured[], quantity: string): Measured | null {
  return values.find((one) => one.quantity === quantity) ?? null;
}

/** A measurement that is older than half an hour is not drawn as alive. Reactive. */
export function old(one: Measured): boolean {
  return one.time === null || clock.age(one.time) > OLD_S;
}

/** The alarms of each object. */
export function byObject(alarms: readonly Alarm[]): Map<string, Alarm[]> {
  const found = new Map<string, Alarm[]>();
  for (const alarm of alarms) {
    if (alarm.object) found.set(alarm.object, [...(found.get(alarm.object) ?? []), alarm]);
  }
  return found;
}
