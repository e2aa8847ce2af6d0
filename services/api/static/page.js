// The page: holds one snapshot, keeps it up to date from the feed, and draws it. Nothing here computes a figure.

import { Feed } from "./feed.js";
import { duration, fill, fixed, moment, number, percent, reading, target } from "./format.js";
import { drawStock, readStock } from "./sources.js";

const LANGUAGES = ["kk", "ru", "en"];
const OLD_S = 30; // three of the scorer's ticks
const BEHIND_S = 15; // three of the hub's re-reads
const STOCK_MS = 10000;
// Below this coverage the rating is no praise and no blame, only what the few known KPIs would give.
const SURE_COVERAGE = 0.9;
const WITH_DATA = new Set(["fresh", "stale", "not_applicable"]);

const page = {
  lang: firstLanguage(), texts: {}, cities: [], city: null, kpis: [], snapshot: null, filter: "live",
  feed: null, connection: "connecting", confirmedAt: null, serverAhead: 0,
  stock: { reconciliation: null, summary: null, troubled: null },
};
const rows = new Map();
const element = (id) => document.getElementById(id);
const say = (key, values = {}) => fill(page.texts[`page_${key}`] ?? "", values);

function firstLanguage() {
  const asked = [new URLSearchParams(location.search).get("lang"), stored("lang"), ...navigator.languages];
  return asked.map((tag) => tag?.slice(0, 2)).find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

function stored(name) {
  try { return localStorage.getItem(`ahual.${name}`); } catch { return null; }
}

function store(name, value) {
  try { localStorage.setItem(`ahual.${name}`, value); } catch { /* private windows may refuse */ }
}

async function get(path) {
  const response = await fetch(`/api/v1${path}`, { headers: { "Accept-Language": page.lang } });
  if (!response.ok) throw new Error(`${response.status} ${path}`);
  return response.json();
}

const cityPath = () => `/cities/${encodeURIComponent(page.city)}`;

async function speak(lang) {
  const texts = await get(`/texts?lang=${lang}`);
  const kpis = page.city ? await get(`${cityPath()}/kpis?lang=${lang}`) : [];
  Object.assign(page, { lang, texts, kpis });
  document.documentElement.lang = lang;
  document.title = say("title");
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
  for (const node of document.querySelectorAll("[data-title]")) node.title = say(node.dataset.title);
  for (const node of document.querySelectorAll("[data-label]:not(td)")) node.setAttribute("aria-label", say(node.dataset.label));
  press(element("languages"), lang);
  press(element("filter"), page.filter);
  drawCities();
  rows.clear();
  draw();
}

function press(group, value) {
  for (const button of group.querySelectorAll("button")) button.setAttribute("aria-pressed", button.value === value);
}

async function choose(city) {
  page.feed?.stop();
  const stock = { ...page.stock, summary: null, troubled: null };
  Object.assign(page, { city, snapshot: null, confirmedAt: null, connection: "connecting", stock });
  store("city", city);
  page.kpis = await get(`${cityPath()}/kpis?lang=${page.lang}`);
  rows.clear();
  draw();
  page.feed = new Feed(city, { onMessage: take, onState: show, revision: () => page.snapshot?.revision ?? null });
  takeStock();
}

function take(message) {
  page.serverAhead = new Date(message.server_time) - Date.now();
  page.confirmedAt = message.type === "heartbeat" ? message.confirmed_at : message.server_time;
  if (message.type === "snapshot") {
    page.snapshot = message.snapshot;
    draw();
  } else if (message.type === "change") {
    const { type, previous, server_time, sections, kpis, ...figures } = message;
    Object.assign(page.snapshot, figures);
    Object.assign(page.snapshot.sections, sections);
    Object.assign(page.snapshot.kpis, kpis);
    draw(Object.keys(kpis));
  }
}

function show(connection) {
  page.connection = connection;
  drawConnection();
}

const now = () => Date.now() + page.serverAhead;
const ageOf = (iso) => Math.max(0, (now() - new Date(iso)) / 1000);
const ago = (iso) => (ageOf(iso) < 1 ? say("now") : say("ago", { age: duration(ageOf(iso), page.texts, page.lang) }));
const put = (id, text) => { const node = element(id); if (node.textContent !== text) node.textContent = text; };

function draw(changed = []) {
  drawSummary();
  drawSections();
  drawRows(changed);
  drawConnection();
  drawSources();
}

function drawCities() {
  element("city").replaceChildren(...page.cities.map((city) => new Option(city.name[page.lang], city.code, false, city.code === page.city)));
}

function drawSummary() {
  const s = page.snapshot;
  put("city-name", page.cities.find((city) => city.code === page.city)?.name[page.lang] ?? "");
  put("index", fixed(s?.index, page.lang, 2));
  put("bounds", s ? `${fixed(s.lower, page.lang)} – ${fixed(s.upper, page.lang)}` : "–");
  put("coverage", s ? percent(s.coverage, page.lang, 1) : "–");
  put("total", fixed(s?.total, page.lang, 2));
  put("total-note", s ? say("total_note", { count: number(s.additional, page.lang, 0) }) : "");
  put("computed-at", s ? moment(s.computed_at, page.lang, cityZone()) : "");
  const sure = s?.coverage >= SURE_COVERAGE;
  const rating = s?.rating ? page.texts[`rating_${s.rating}`] : "";
  put("rating", rating && !sure ? say("rating_partial", { rating, coverage: percent(s.coverage, page.lang) }) : rating);
  element("rating").dataset.rating = sure ? (s.rating ?? "") : "";
  put("catalogue", s ? say("catalogue", { version: s.catalogue.version, hash: s.catalogue.hash.slice(0, 12) }) : "");
  put("revision", s ? say("revision", { revision: s.revision }) : "");
  element("scale-mark").hidden = s?.index == null;
  element("scale-mark").style.left = `${s?.index ?? 0}%`;
  element("scale-range").style.left = `${s?.lower ?? 0}%`;
  element("scale-range").style.width = `${s ? s.upper - s.lower : 0}%`;
}

const cityZone = () => page.cities.find((city) => city.code === page.city)?.timezone;

function drawSections() {
  // The database does not keep the order of keys; the texts have the methodology's.
  const codes = Object.keys(page.texts).filter((key) => key.startsWith("section_")).map((key) => key.slice(8));
  const cards = codes.filter((code) => page.snapshot?.sections[code]).map((code) => {
    const section = page.snapshot.sections[code];
    const card = element("section-template").content.cloneNode(true).firstElementChild;
    const score = card.querySelector(".section-score");
    const name = page.texts[`section_${code}`];
    card.querySelector("h3").textContent = name;
    score.textContent = section.score === null ? say("no_data") : fixed(section.score * 100, page.lang);
    score.classList.toggle("absent", section.score === null);
    card.querySelector(".section-weight").textContent = say("section_weight", { weight: number(section.weight, page.lang) });
    card.querySelector(".meter div").style.width = `${(section.score ?? 0) * 100}%`;
    card.querySelector(".meter").setAttribute("aria-label", `${name}: ${score.textContent}`);
    return card;
  });
  element("sections").replaceChildren(...cards);
}

function stateOf(kpi) {
  return page.snapshot?.kpis[kpi.code] ?? null;
}

function drawRows(changed) {
  const scored = page.kpis.filter(stateOf);
  const shown = scored.filter((kpi) => page.filter === "all" || WITH_DATA.has(stateOf(kpi).freshness));
  const nodes = shown.map((kpi) => {
    const known = rows.has(kpi.code);
    if (!known) rows.set(kpi.code, newRow(kpi));
    const row = rows.get(kpi.code);
    if (!known || changed.includes(kpi.code)) fillRow(row, kpi, stateOf(kpi));
    row.classList.remove("changed");
    return row;
  });
  const body = element("rows");
  if (nodes.length !== body.children.length || nodes.some((node, i) => node !== body.children[i])) body.replaceChildren(...nodes);
  for (const code of changed) restartHighlight(rows.get(code));
  put("shown", scored.length ? say("shown", { shown: nodes.length, all: scored.length }) : "");
  element("none").hidden = !page.snapshot || nodes.length > 0;
  body.closest("table").hidden = nodes.length === 0;
}

function restartHighlight(row) {
  if (!row?.isConnected) return;
  void row.offsetWidth; // lets the same animation begin again
  row.classList.add("changed");
}

function newRow(kpi) {
  const row = element("row-template").content.cloneNode(true).firstElementChild;
  row.querySelector(".code").textContent = kpi.code;
  row.querySelector(".name").textContent = kpi.name;
  row.querySelector(".name").title = [kpi.note, kpi.interpretation].filter(Boolean).join("\n\n");
  row.querySelector(".target").textContent = target(kpi.target, kpi.unit_name, page.texts, page.lang);
  for (const name of ["value", "target", "points", "freshness", "parts"]) {
    row.querySelector(`.${name}`).dataset.label = `${say(`col_${name}`)}:`;
  }
  return row;
}

function fillRow(row, kpi, state) {
  const cell = (name) => row.querySelector(`.${name}`);
  cell("value").textContent = state.value === null ? "–" : `${reading(state.value, kpi.target, page.lang)} ${kpi.unit_name}`;
  cell("points").textContent = say("points_of", { points: fixed(state.points, page.lang, 2), max: fixed(state.max_points, page.lang, 2) });
  cell("parts").textContent = state.numerator === null ? "–" : `${number(state.numerator, page.lang, 0)} / ${number(state.denominator, page.lang, 0)}`;
  cell("tag").textContent = say(state.freshness);
  cell("tag").dataset.freshness = state.freshness;
  cell("newest").textContent = state.newest ? ago(state.newest) : "";
  cell("attainment").querySelector(".meter div").style.width = `${(state.attainment ?? 0) * 100}%`;
  cell("attainment").querySelector("span").textContent = percent(state.attainment, page.lang);
  row.classList.toggle("met", state.attainment === 1);
}

function drawConnection() {
  if (!page.texts.page_title) return;
  const [state, text] = verdict();
  element("connection").dataset.state = state;
  put("connection-text", text);
  document.body.classList.toggle("aged", Boolean(page.snapshot) && state !== "live");
  put("age", page.snapshot ? ago(page.snapshot.computed_at) : "–");
}

function verdict() {
  if (!page.city) return ["waiting", say("state_no_city")];
  if (page.connection === "lost") return ["lost", say("state_reconnecting")];
  if (page.connection === "connecting") return ["waiting", say("state_connecting")];
  if (!page.confirmedAt || ageOf(page.confirmedAt) > BEHIND_S) return ["lost", say("state_behind")];
  if (!page.snapshot) return ["waiting", say("state_waiting")];
  const age = ageOf(page.snapshot.computed_at);
  if (age > OLD_S) return ["waiting", say("state_old", { age: duration(age, page.texts, page.lang) })];
  return ["live", say("state_live")];
}

function drawAges() {
  drawConnection();
  for (const kpi of page.kpis) {
    const newest = stateOf(kpi)?.newest;
    const row = rows.get(kpi.code);
    if (newest && row?.isConnected) row.querySelector(".newest").textContent = ago(newest);
  }
}

async function takeStock() {
  const city = page.city;
  const stock = await readStock(get, city && cityPath());
  if (city === page.city) page.stock = stock;
  drawSources();
}

function drawSources() {
  if (page.texts.page_title) drawStock(page.stock, { say, ageOf, lang: page.lang, texts: page.texts });
}

function dress(theme) {
  store("theme", theme);
  element("theme").value = theme;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

async function start() {
  try {
    page.cities = await get("/cities");
    await speak(page.lang);
    const asked = [new URLSearchParams(location.search).get("city"), stored("city")];
    const city = asked.find((code) => page.cities.some((known) => known.code === code)) ?? page.cities[0]?.code;
    if (!city) throw new Error("no city");
    await choose(city);
    drawCities();
  } catch {
    drawConnection();
    setTimeout(start, 2000 + Math.random() * 2000);
  }
}

element("languages").addEventListener("click", ({ target: { value } }) => { if (value) { store("lang", value); speak(value); } });
element("theme").addEventListener("change", ({ target: { value } }) => dress(value));
element("city").addEventListener("change", ({ target: { value } }) => choose(value));
element("filter").addEventListener("click", ({ target: { value } }) => {
  if (!value) return;
  page.filter = value;
  press(element("filter"), value);
  drawRows([]);
});
dress(new URLSearchParams(location.search).get("theme") ?? stored("theme") ?? "auto");
setInterval(drawAges, 1000);
setInterval(takeStock, STOCK_MS);
start();
takeStock();
