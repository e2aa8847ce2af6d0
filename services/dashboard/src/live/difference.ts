// How a message of the feed changes the snapshot that is held. Pure.
import type { LiveMessage, Schemas, Snapshot } from "../api/client.ts";

/** The next snapshot; null when the difference is to another revision than the held one. */
export function applied(
  held: Snapshot | null,
  message: Exclude<LiveMessage, { type: "end" }>,
): Snapshot | null {
  if (message.type === "snapshot") return message.snapshot;
  if (message.type === "heartbeat") return held;
  if (held === null || held.revision !== message.previous) return null;
  return changed(held, message);
}

function changed(held: Snapshot, message: Schemas["ChangeMessage"]): Snapshot {
  const {
    type: _type,
    previous: _previous,
    server_time: _time,
    sections,
    kpis,
    rating,
    ...figures
  } = message;
  return {
    ...held,
    ...figures,
    rating: rating as Snapshot["rating"],
    sections: { ...held.sections, ...sections },
    kpis: { ...held.kpis, ...kpis },
  };
}
