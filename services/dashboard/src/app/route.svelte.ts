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

/** The address of a view: `link("kpis", "2.1")`. */
export function link(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

class Route {
  place = $state.raw<Place>(placed(location.hash, location.search));

  constructor() {
    addEventListener("hashchange", () => (this.place = placed(location.hash, location.search)));
  }

  /** The first part of the path, "" at the start. */
  get view(): string {
    return this.place.parts[0] ?? "";
  }

  asked(name: string): string | null {
    return this.place.query.get(name);
  }
}

export const route = new Route();
