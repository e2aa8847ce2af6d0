// Where the reader is: `#/kpis/2.1?city=almaty`. In the fragment, so that the server has one page to serve.

export interface Place {
  /** Parts of the path: ["kpis", "2.1"]; [] at the start. */
  parts: string[];
  query: URLSearchParams;
}

/** Reads a fragment; what the page's own query says counts where the fragment is silent. */
export function placed(hash: string, search: string): Place {
  const [path = "", own = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const query = new URLSearchParams(search);
  for (const [name, value] of new URLSearchParams(own)) query.set(name, value);
  return { parts: path.split("/").filter(Boolean).map(decodeURIComponent), query };
}

/** The instant that an address names, as ISO; null for now and for what is no time. */
export function instantIn(said: string | null): string | null {
  const time = Date.parse(said ?? "");
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** The address of a view: `link("kpis", "2.1")`. */
export function link(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** A fragment that asks something else of the same place; null takes a question back, also the page's own. */
export function asking(hash: string, search: string, changes: Record<string, string | null>): string {
  const [path = "", own = ""] = hash.replace(/^#/, "").split("?", 2);
  const [query, page] = [new URLSearchParams(own), new URLSearchParams(search)];
  for (const [name, value] of Object.entries(changes)) {
    if (value !== null) query.set(name, value);
    else if (page.has(name)) query.set(name, "");
    else query.delete(name);
  }
  // Commas and colons are allowed in a fragment, and a link is read by people.
  const said = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return `#${path || "/"}${said && `?${said}`}`;
}

class Route {
  parts = $state.raw<string[]>([]);
  private query = $state.raw(new URLSearchParams());
  /** The city that a link to something inside it names; the page's own query says what to begin with. */
  city = $state<string | null>(null);

  constructor() {
    this.read();
    addEventListener("hashchange", () => this.read());
  }

  /** Be elsewhere, as if one had come there. `address`: query and fragment. */
  stand(address: string): void {
    history.replaceState(null, "", address);
    this.read();
  }

  /** The first part of the path, "" at the start. */
  get view(): string {
    return this.parts[0] ?? "";
  }

  asked(name: string): string | null {
    return this.query.get(name);
  }

  /** Write into the address what is shown, so that it can be sent to somebody; no step in the history. */
  ask(changes: Record<string, string | null>): void {
    history.replaceState(history.state, "", asking(location.hash, location.search, changes));
    this.read();
  }

  private read(): void {
    const { parts, query } = placed(location.hash, location.search);
    // The same place stays the same: its view is not opened anew when it asks something else.
    if (parts.join("/") !== this.parts.join("/")) this.parts = parts;
    this.query = query;
    this.city = new URLSearchParams(location.hash.split("?", 2)[1]).get("city");
  }
}

export const route = new Route();
