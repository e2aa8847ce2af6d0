// Who reports and who does not, and whether every record is accounted for. Nothing here computes a figure.

import { duration, number } from "./format.js";

const STATES = ["live", "silent", "frozen", "drifting"];
const TROUBLED = STATES.slice(1);
const SHOWN = 6;
const element = (id) => document.getElementById(id);
const put = (id, text) => { const node = element(id); if (node.textContent !== text) node.textContent = text; };

// What the database knows now; a part that does not answer is null, and shown as unknown.
export async function readStock(get, cityPath) {
  const troubled = TROUBLED.map((state) => `state=${state}`).join("&");
  const paths = ["/reconciliation", ...(cityPath ? [`${cityPath}/sources/summary`, `${cityPath}/sources?${troubled}&limit=${SHOWN}`] : [])];
  const [reconciliation, summary, sources] = await Promise.all(paths.map((path) => get(path).catch(() => null)));
  return { reconciliation, summary: summary ?? null, troubled: sources?.sources ?? null };
}

export function drawStock({ reconciliation, summary, troubled }, view) {
  drawReconciliation(reconciliation, view);
  drawSources(summary, troubled, view);
}

function drawReconciliation(known, { say, lang }) {
  const figures = Object.fromEntries(Object.entries(known?.totals ?? {}).map(([name, n]) => [name, number(n, lang, 0)]));
  const lost = known?.totals.skipped ? ` ${say("skipped", figures)}` : "";
  put("reconciliation", known ? say("reconciled", figures) + lost : say("reconciliation_unknown"));
  element("reconciliation").classList.toggle("alarm", Boolean(known) && !known.exact);
  put("exact", known ? say(known.exact ? "exact" : "inexact") : "");
  element("exact").dataset.state = known?.exact ? "live" : "silent";
}

function drawSources(summary, troubled, view) {
  const { say, lang } = view;
  element("sources").hidden = !summary; // without the operators' token they are nobody's business
  const total = summary ? Object.values(summary.states).reduce((sum, n) => sum + n, 0) : 0;
  element("source-states").replaceChildren(...STATES.filter((state) => summary?.states[state]).map((state) => {
    const tag = document.createElement("li");
    tag.className = "tag";
    tag.dataset.state = state;
    tag.textContent = `${say(`source_${state}`)} ${number(summary.states[state], lang, 0)}`;
    return tag;
  }));
  const ill = total - (summary?.states.live ?? 0);
  element("troubled").replaceChildren(...(troubled ?? []).map((source) => line(source, view)));
  put("sources-note", note(summary, total, ill, ill - (troubled?.length ?? 0), view));
  const missing = summary?.missing;
  put("suspected", !total ? "" : missing ? say("suspected", { missing: number(missing, lang, 0) }) : say("suspected_none"));
  element("suspected").classList.toggle("warning", Boolean(missing));
}

function note(summary, total, ill, hidden, { say, lang }) {
  if (!summary) return "";
  if (!total) return say("sources_none");
  if (!ill) return say("sources_well");
  return hidden > 0 ? say("sources_more", { count: number(hidden, lang, 0) }) : "";
}

function line(source, view) {
  const item = element("source-template").content.cloneNode(true).firstElementChild;
  item.querySelector(".tag").textContent = view.say(`source_${source.state}`);
  item.querySelector(".tag").dataset.state = source.state;
  item.querySelector(".device").textContent = `${source.system}/${source.device}`;
  item.querySelector(".why").textContent = why(source, view);
  return item;
}

function why(source, { say, lang, texts, ageOf }) {
  const long = (seconds) => duration(seconds, texts, lang);
  if (source.state === "silent" && !source.stored_at) return say("source_never", { interval: long(source.interval_s) });
  if (source.state === "silent") return say("source_quiet", { age: long(ageOf(source.stored_at)), interval: long(source.interval_s) });
  if (source.state === "frozen") return say("source_same", { age: long(ageOf(source.same_since)), count: number(source.same_count, lang, 0) });
  return source.drift_s > 0 ? say("source_ahead", { age: long(source.drift_s) }) : say("source_behind", { age: long(-source.drift_s) });
}
