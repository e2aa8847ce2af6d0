// What the parts of the scheme share.
import type { Schemas } from "../../api/client.ts";
import { clock } from "../../live/clock.svelte.ts";
import { moment } from "../../text/format.ts";
import { language } from "../../text/language.svelte.ts";
import { live } from "../../live/city.svelte.ts";
import { ago } from "../../text/words.ts";

export type Scheme = Schemas["Scheme"];
export type Measured = Schemas["Measured"];
export type Alarm = Schemas["Alarm"];

const OLD_S = 1800;

/** The value of one quantity of a node or pipe; null where it is not measured. */
export function of(values: readonly Measured[], quantity: string): Measured | null {
  return values.find((one) => one.quantity === quantity) ?? null;
}

/** A measurement that was older than half an hour at the instant shown (null: now) is not drawn as alive. Reactive. */
export function old(one: Measured, past: string | null): boolean {
  if (one.time === null) return true;
  const age = past ? (Date.parse(past) - Date.parse(one.time)) / 1000 : clock.age(one.time);
  return age > OLD_S;
}

/** When something was measured or began: how long ago, of a past instant the time itself. */
export function when(time: string, past: string | null): string {
  return past ? moment(time, language.current, live.timeZone) : ago(time);
}

/** The alarms of each object. */
export function byObject(alarms: readonly Alarm[]): Map<string, Alarm[]> {
  const found = new Map<string, Alarm[]>();
  for (const alarm of alarms) {
    if (alarm.object) found.set(alarm.object, [...(found.get(alarm.object) ?? []), alarm]);
  }
  return found;
}
