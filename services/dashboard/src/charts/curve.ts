// The path of a small curve. Pure.

/** An SVG path through `values` in a box; a gap where there is none. A curve that never moves lies in the middle. */
export function path(values: readonly (number | null)[], width: number, height: number, pad = 2): string {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return "";
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  const y = (value: number) => (span ? pad + (1 - (value - low) / span) * (height - 2 * pad) : height / 2);
  const step = (width - 2 * pad) / (values.length - 1);
  let pen = "M";
  let drawn = "";
  values.forEach((value, index) => {
    if (value === null) {
      pen = "M";
      return;
    }
    drawn += `${pen}${(pad + index * step).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
  });
  return drawn;
}
