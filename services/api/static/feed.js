// The live feed of one city: WebSocket, server-sent events where that cannot pass, and always another attempt.

const SILENCE_MS = 12000; // more than two heartbeats
const OPENING_MS = 6000;
const LONGEST_WAIT_MS = 15000;
const FAILURES_BEFORE_SSE = 2;

export class Feed {
  /** `onMessage` gets each message, `onState` "connecting" | "live" | "lost"; `revision()` is what the page holds. */
  constructor(city, { onMessage, onState, revision }) {
    Object.assign(this, { city, onMessage, onState, revision, failures: 0, closed: false });
    this.wake = () => { if (!this.close && !this.closed) this.retry(0); };
    addEventListener("online", this.wake);
    this.onState("connecting");
    this.open();
  }

  stop() {
    this.closed = true;
    removeEventListener("online", this.wake);
    this.drop();
    clearTimeout(this.waiting);
  }

  open() {
    const after = this.revision();
    const path = `/api/v1/cities/${encodeURIComponent(this.city)}`;
    const query = after === null ? "" : `?after=${after}`;
    // A network that lets no WebSocket through usually lets server-sent events through; every third try is one again.
    const overSse = this.failures >= FAILURES_BEFORE_SSE && this.failures % 3 !== 0;
    if (overSse) this.overSse(`${path}/events${query}`);
    else this.overWebSocket(`${path}/live${query}`);
    this.watch(OPENING_MS);
  }

  overWebSocket(path) {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`);
    this.close = () => { socket.onclose = socket.onmessage = null; socket.close(); };
    socket.onmessage = (event) => this.hear(event.data);
    socket.onclose = () => this.lost();
  }

  overSse(path) {
    const source = new EventSource(path);
    this.close = () => { source.onerror = null; source.close(); };
    for (const kind of ["snapshot", "change", "heartbeat", "end"]) {
      source.addEventListener(kind, (event) => this.hear(event.data));
    }
    source.onerror = () => this.lost();
  }

  hear(data) {
    const message = JSON.parse(data);
    if (message.type === "end") return this.lost();
    if (message.type === "change" && message.previous !== this.revision()) return this.lost();
    this.failures = 0;
    this.watch(SILENCE_MS);
    this.onMessage(message);
    this.onState("live");
  }

  watch(milliseconds) {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(), milliseconds);
  }

  drop() {
    clearTimeout(this.silence);
    this.close?.();
    this.close = null;
  }

  lost() {
    this.drop();
    if (this.closed) return;
    this.failures += 1;
    this.onState("lost");
    const longest = Math.min(LONGEST_WAIT_MS, 500 * 2 ** Math.min(this.failures, 6));
    this.retry(longest / 2 + Math.random() * longest / 2);
  }

  retry(milliseconds) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.open(), milliseconds);
  }
}
