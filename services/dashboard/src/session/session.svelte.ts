// Who is signed in. The public figures need nobody; what is closed is asked for only by who may read it.
import { ApiFailure, get, onRefused, protect, send } from "../api/client.ts";
import type { Reason } from "./back.ts";
import { highest, lost, may, type Session, type Wanted } from "./roles.ts";

const REREAD_MS = 60_000;
const AGAIN_MS = 5_000;

class SessionStore {
  /** null until the API said it. */
  known = $state.raw<Session | null>(null);
  /** It ended while the page stood open. */
  ended = $state(false);
  /** The form is shown. */
  asking = $state(false);
  /** Why the provider could sign nobody in, as long as the form says it. */
  failed = $state<Reason | null>(null);
  /** Something was refused: nothing that is closed is asked for before it is clear who asks. */
  doubted = $state(false);
  private next: ReturnType<typeof setTimeout> | undefined;
  private calm: ReturnType<typeof setTimeout> | undefined;

  may(wanted: Wanted, city: string | null): boolean {
    return may(this.known, wanted, city);
  }

  role(city: string | null) {
    return this.known && highest(this.known, city);
  }

  /** `failed`: why one comes back from the provider as nobody. */
  start(failed: Reason | null): void {
    this.failed = failed;
    onRefused(() => this.doubt());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.known?.user) this.readSoon(0);
    });
    this.readSoon(0);
  }

  /** Sign a local account in. Throws ApiFailure. */
  async signIn(name: string, password: string): Promise<void> {
    this.take(await send<Session>("POST", "/api/v1/session", { name, password }));
    this.asking = this.doubted = false;
  }

  /** End the session; a session that is over already is as good. */
  async signOut(): Promise<void> {
    try {
      await send("DELETE", "/api/v1/session");
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status === 0) throw error;
    }
    this.known = null;
    this.ended = false;
    this.readSoon(0);
  }

  /** Should it be refused again to somebody who may, that is once a minute. */
  private doubt(): void {
    this.doubted = true;
    clearTimeout(this.calm);
    this.calm = setTimeout(() => (this.doubted = false), REREAD_MS);
    this.readSoon(0);
  }

  private readSoon(milliseconds: number): void {
    clearTimeout(this.next);
    this.next = setTimeout(() => void this.read(), milliseconds);
  }

  private async read(): Promise<void> {
    try {
      this.take(await get("/api/v1/session"));
    } catch {
      this.readSoon(AGAIN_MS);
    }
  }

  private take(now: Session): void {
    if (now.user) this.ended = false;
    else if (lost(this.known, now)) this.ended = this.asking = true;
    else if (!this.known && this.failed) this.asking = true;
    this.known = now;
    protect(now.csrf);
    clearTimeout(this.next);
    if (now.user) this.readSoon(untilNext(now.expires_at));
  }
}

/** The end of the session is not waited for longer than it takes. */
function untilNext(expires: string | null): number {
  const left = expires === null ? REREAD_MS : Date.parse(expires) - Date.now() + 500;
  return Math.max(1000, Math.min(REREAD_MS, left));
}

export const session = new SessionStore();
