// The one store of what is shown: a city, its rows of the catalogue and its newest score, kept up to date by the feed.
import { untrack } from "svelte";
import {
  get,
  type City,
  type KpiRow,
  type KpiState,
  type LiveMessage,
  type Schemas,
  type Snapshot,
} from "../api/client.ts";
import { clock } from "./clock.svelte.ts";
import { applied } from "./difference.ts";
import { Feed, type Connection } from "./feed.ts";

const OLD_S = 30; // three of the scorer's ticks
const BEHIND_S = 15; // three of the server's re-reads
const CALM_MS = 200; // figures that change more often than an eye can follow are shown together
const AGAIN_MS = 5_000;

/** `live`, or why the figures must not be taken for the present ones. */
export type Liveness = Connection | "waiting" | "behind" | "old";

class CityStore {
  cities = $state.raw<City[]>([]);
  methodology = $state.raw<Schemas["Methodology"] | null>(null);
  code = $state<string | null>(null);
  rows = $state.raw<KpiRow[]>([]);
  snapshot = $state.raw<Snapshot | null>(null);
  connection = $state<Connection>("connecting");
  /** When the server last knew that the held revision is the newest. */
  confirmedAt = $state<string | null>(null);
  /** The list of cities was read, even if it is empty. */
  read = $state(false);

  city = $derived(this.cities.find((city) => city.code === this.code) ?? null);
  timeZone = $derived(this.city?.timezone ?? "UTC");
  liveness: Liveness = $derived.by(() => this.judged());
  /** The figures may be old: they are drawn as such. */
  aged = $derived(this.snapshot !== null && this.liveness !== "live");

  private feed: Feed | null = null;
  /** Somebody looks at a view that lives. */
  private followed = false;
  /** The newest score heard; `snapshot` follows it, calmly. */
  private heard: Snapshot | null = null;
  private showing: ReturnType<typeof setTimeout> | undefined;
  private shownAt = 0;

  /** Read what there is; tries until the API answers. */
  async start(wanted: string | null): Promise<void> {
    try {
      const [cities, methodology] = await Promise.all([get("/api/v1/cities"), get("/api/v1/methodology")]);
      this.cities = cities;
      this.methodology = methodology;
      this.read = true;
    } catch {
      this.connection = "lost";
      setTimeout(() => void this.start(wanted), AGAIN_MS);
      return;
    }
    const first = this.cities.find((city) => city.code === wanted) ?? this.cities[0];
    if (first) this.choose(first.code);
  }

  choose(code: string): void {
    if (code === this.code) return;
    this.feed?.stop();
    clearTimeout(this.showing);
    this.code = code;
    this.rows = [];
    this.snapshot = this.heard = null;
    this.confirmedAt = null;
    this.feed = null;
    if (this.followed) this.attend(code);
  }

  /** Whether the feed is wanted: the residents' page does without. */
  follow(wanted: boolean): void {
    this.followed = wanted;
    const code = untrack(() => this.code);
    if (wanted && !this.feed && code !== null) this.attend(code);
    if (!wanted) {
      this.feed?.stop();
      this.feed = null;
    }
  }

  private attend(code: string): void {
    void this.readRows(code);
    this.feed = new Feed(code, {
      onMessage: (message) => this.take(message),
      onState: (state) => (this.connection = state),
      revision: () => this.heard?.revision ?? null,
    });
  }

  state(code: string): KpiState | null {
    return this.snapshot?.kpis[code] ?? null;
  }

  private async readRows(code: string): Promise<void> {
    try {
      const rows = await get("/api/v1/cities/{city}/kpis", { path: { city: code } });
      if (code === this.code) this.rows = rows;
    } catch {
      setTimeout(() => code === this.code && void this.readRows(code), AGAIN_MS);
    }
  }

  private take(message: Exclude<LiveMessage, { type: "end" }>): boolean {
    const next = applied(this.heard, message);
    if (next === null && message.type === "change") return false;
    clock.heard(message.server_time);
    this.confirmedAt = message.type === "heartbeat" ? message.confirmed_at : message.server_time;
    if (next && this.heard && next.catalogue.hash !== this.heard.catalogue.hash)
      void this.readRows(next.city);
    this.heard = next;
    this.show();
    return true;
  }

  private show(): void {
    const due = this.shownAt + CALM_MS - performance.now();
    clearTimeout(this.showing);
    if (due > 0) {
      this.showing = setTimeout(() => this.show(), due);
      return;
    }
    this.shownAt = performance.now();
    this.snapshot = this.heard;
  }

  private judged(): Liveness {
    if (this.connection !== "live") return this.connection;
    if (this.snapshot === null) return "waiting";
    if (this.confirmedAt === null || clock.age(this.confirmedAt) > BEHIND_S) return "behind";
    return clock.age(this.snapshot.computed_at) > OLD_S ? "old" : "live";
  }
}

export const live = new CityStore();
