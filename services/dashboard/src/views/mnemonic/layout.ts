// Where the nodes of a network stand: from the source on the left, column by column in the direction of the flow. Pure.

export interface Edge {
  id: string;
  from_node: string;
  to_node: string;
}

export interface Place {
  column: number;
  /** May be fractional: a node stands in the middle of those it feeds. */
  row: number;
}

export interface Layout {
  places: Map<string, Place>;
  columns: number;
  rows: number;
}

/** A tree by its edges; of a ring, the edge that closes it moves nothing. */
export function layout(nodes: readonly string[], edges: readonly Edge[]): Layout {
  const fed = new Map<string, string[]>();
  const below = new Set<string>();
  for (const { from_node: from, to_node: to } of edges) {
    fed.set(from, [...(fed.get(from) ?? []), to]);
    below.add(to);
  }
  const places = new Map<string, Place>();
  let rows = 0;
  let columns = 0;
  const put = (node: string, column: number): number => {
    columns = Math.max(columns, column + 1);
    const place: Place = { column, row: 0 };
    places.set(node, place);
    const reached: number[] = [];
    for (const next of fed.get(node) ?? []) if (!places.has(next)) reached.push(put(next, column + 1));
    place.row = reached.length ? reached.reduce((sum, row) => sum + row, 0) / reached.length : rows++;
    return place.row;
  };
  const sources = nodes.filter((node) => !below.has(node));
  for (const node of [...sources, ...nodes]) if (!places.has(node)) put(node, 0);
  return { places, columns, rows };
}
