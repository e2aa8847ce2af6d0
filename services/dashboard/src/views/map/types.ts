// What the parts of the map share.
import type { Schemas } from "../../api/client.ts";
import type { ApiFailure } from "../../api/client.ts";

export type Layer = Schemas["Layer"];
export type Collection = Schemas["FeatureCollection"];
export type Feature = Schemas["Feature"];

/** A layer as it was last read. */
export interface Drawn {
  collection: Collection | null;
  /** When that was, by the server's clock, ISO. */
  readAt: string | null;
  failure: ApiFailure | null;
}

/** What lies under the layers. */
export type Tiles = Schemas["BaseMap"];

/** Why there is no ground: the address does not answer as it must, its schema is none of ours, or the city is not in it. */
export class UnreadTiles extends Error {
  readonly why: "unreachable" | "unknown" | "empty";

  constructor(why: "unreachable" | "unknown") {
    super(why);
    this.why = why;
  }
}

/** An object of a layer. */
export interface Chosen {
  layer: string;
  id: string;
}
