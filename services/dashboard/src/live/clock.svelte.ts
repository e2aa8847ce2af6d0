// The server's time, as well as it is known, once a second.

class Clock {
  /** ms since the epoch, by the server's clock. */
  now = $state(Date.now());
  private ahead = 0;

  constructor() {
    setInterval(() => this.tick(), 1000);
  }

  /** The server said what time it is. */
  heard(serverTime: string): void {
    this.ahead = Date.parse(serverTime) - Date.now();
  }

  /** Seconds since `iso`, never negative. Reactive: it grows. */
  age(iso: string): number {
    return Math.max(0, (this.now - Date.parse(iso)) / 1000);
  }

  private tick(): void {
    this.now = Date.now() + this.ahead;
  }
}

export const clock = new Clock();
