// The live feed of one city: WebSocket, server-sent events where that cannot pass, and always another attempt.
import type { LiveMessage } from "../api/client.ts";

const SILENCE_MS = 12_000; // more than two heartbeats
const OPENING_MS = 6_000;
const LONGEST_WAIT_MS = 15_000;
const FAILURES_BEFORE_SSE = 2;
const KINDS = ["snapshot", "change", "heartbeat", "end"] as const;

export type Connection = "connecting" | "live" | "lost";

export interface Listener {
  /** Returns false when the message does not fit what is held: the feed then begins anew. */
  onMessage(message: Exclude<LiveMessage, { type: "end" }>): boolean;
  onState(state: Connection): void;
  /** The revision that is held; null: none. */
  revision(): number | null;
}

/** How long to wait before the next attempt, ms: doubling, and spread so that a thousand pages don't come at once. */
export function wait(failures: number, random: number): number {
  const longest = Math.min(LONGEST_WAIT_MS, 500 * 2 ** Math.min(failures, 6));
  return longest / 2 + (random * longest) / 2;
}

/** A network that lets no WebSocket through usually lets server-sent events through; every third try is one again. */
export function overEvents(failures: number): boolean {
  return failures >= FAILURES_BEFORE_SSE && failures % 3 !== 0;
}

export class Feed {
  private failures = 0;
  private stopped = false;
  private close: (() => void) | null = null;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private readonly city: string;
  private readonly listener: Listener;

  constructor(city: string, listener: Listener) {
    this.city = city;
    this.listener = listener;
    addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    listener.onState("connecting");
    this.open();
  }

  stop(): void {
    this.stopped = true;
    removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
    this.drop();
    clearTimeout(this.waiting);
  }

  private readonly wake = (): void => {
    if (!this.close && !this.stopped && document.visibilityState === "visible") this.retry(0);
  };

  private open(): void {
    const after = this.listener.revision();
    const path = `/api/v1/cities/${encodeURIComponent(this.city)}`;
    const query = after === null ? "" : `?after=${after}`;
    if (overEvents(this.failures)) this.openEvents(`${path}/events${query}`);
    else this.openSocket(`${path}/live${query}`);
    this.watch(OPENING_MS);
  }

  private openSocket(path: string): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${path}`);
    this.close = () => {
      socket.onclose = socket.onmessage = null;
      socket.close();
    };
    socket.onmessage = (event: MessageEvent<string>) => this.hear(event.data);
    socket.onclose = () => this.lost();
  }

  private openEvents(path: string): void {
    const source = new EventSource(path);
    this.close = () => {
      source.onerror = null;
      source.close();
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (event: MessageEvent<string>) => this.hear(event.data));
    }
    source.onerror = () => this.lost();
  }

  private hear(data: string): void {
    const message = JSON.parse(data) as LiveMessage;
    if (message.type === "end" || !this.listener.onMessage(message)) {
      this.lost();
      return;
    }
    this.failures = 0;
    this.watch(SILENCE_MS);
    this.listener.onState("live");
  }

  private watch(milliseconds: number): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(), milliseconds);
  }

  private drop(): void {
    clearTimeout(this.silence);
    this.close?.();
    this.close = null;
  }

  private lost(): void {
    this.drop();
    if (this.stopped) return;
    this.failures += 1;
    this.listener.onState("lost");
    this.retry(wait(this.failures, Math.random()));
  }

  private retry(milliseconds: number): void {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.open(), milliseconds);
  }
}
