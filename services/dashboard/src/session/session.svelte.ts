// Who is signed in. The public figures need nobody; what is closed is asked for only by who may read it.
import { ApiFailure, get, onRefused, protect, send } from "../api/client.ts";
import { highest, lost, may, type Session, type Wanted } from "./roles.ts";

const REREAD_MS = 60_000;
const AGAIN_MS = 5_000;
const BACK = "ahual.back";

class SessionStore {
  /** null until the API said it. */
  known = $state.raw<Session | null>(null);
  /** It ended while the page stood open. */
  ended = $state(false);
  /** The form is shown. */
  asking = $state(false);
  private next: ReturnType<typeof setTimeout> | undefined;

  may(wanted: Wanted, city: string | null): boolean {
    return may(this.known, wanted, city);
  }

  role(city: string | null) {
    return this.known && highest(this.known, city);
  }

  start(): void {
    comeBack();
    onRefused(() => this.readSoon(0));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.known?.user) this.readSoon(0);
    });
    this.readSoon(0);
  }

  /** Sign a local account in. Throws ApiFailure. */
  async signIn(name: string, password: string): Promise<void> {
    this.take(await send<Session>("POST", "/api/v1/session", { name, password }));
    this.asking = false;
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

  /** Leave for the provider, to come back to the same view. */
  leave(): void {
    sessionStorage.setItem(BACK, location.hash);
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
    if (lost(this.known, now)) this.ended = this.asking = true;
    else if (now.user) this.ended = false;
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

/** From the provider one comes back to the start of the page. */
function comeBack(): void {
  const back = sessionStorage.getItem(BACK);
  sessionStorage.removeItem(BACK);
  if (back && !location.hash) location.hash = back;
}

export const session = new SessionStore();
