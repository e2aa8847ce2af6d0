// A KPI's past as one curve, and as files. Pure but for the download.
import { colour } from "../../style/colour.ts";
import type { KpiRow, Schemas } from "../../api/client.ts";

export interface History {
  moments: number[];
  values: (number | null)[];
}

export function ofSeries(series: Schemas["Series"]): History {
  return {
    moments: series.points.map((point) => Date.parse(point.bucket)),
    values: series.points.map((point) => point.value),
  };
}

/** The counting revision of every closed period, at the period's begin; what is no single number is left out. */
export function ofPeriods(closed: Schemas["ClosedPeriods"]): History {
  const known = closed.periods.flatMap((period) => {
    const value = period.revisions.at(-1)?.value;
    return typeof value === "object" && value !== null
      ? []
      : [[Date.parse(period.begin), value ?? null] as const];
  });
  return { moments: known.map(([moment]) => moment), values: known.map(([, value]) => value) };
}

/** Where the target is met, in the KPI's unit; null where it is not a bound on the value. */
export function band(target: KpiRow["target"]): { low: number | null; high: number | null } | null {
  switch (target?.op) {
    case ">=":
      return { low: target.value, high: null };
    case "<=":
      return { low: null, high: target.value };
    case "between":
      return { low: target.low, high: target.high };
    case "decrease":
      return { low: null, high: -target.value };
    case "increase":
      return { low: target.value, high: null };
    default:
      return null;
  }
}

/** Comma-separated, RFC 4180, with a byte order mark because spreadsheets take it for Latin otherwise. */
export function csv(head: string[], rows: (string | number | null)[][]): string {
  const cell = (value: string | number | null) => {
    const text = value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\uFEFF${[head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

export function save(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const anchor = Object.assign(document.createElement("a"), { href: address, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The chart with its title, source and label, on the page's own ground. */
export async function picture(chart: HTMLCanvasElement, title: string, note: string): Promise<Blob> {
  const ratio = devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  canvas.width = chart.width;
  canvas.height = chart.height + 74 * ratio;
  const pen = canvas.getContext("2d")!;
  const { fontFamily } = getComputedStyle(document.body);
  pen.fillStyle = colour("surface");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(chart, 0, 44 * ratio);
  pen.fillStyle = colour("ink");
  pen.font = `600 ${16 * ratio}px ${fontFamily}`;
  pen.fillText(title, 12 * ratio, 28 * ratio, canvas.width - 24 * ratio);
  pen.fillStyle = colour("quiet");
  pen.font = `${12 * ratio}px ${fontFamily}`;
  pen.fillText(note, 12 * ratio, canvas.height - 10 * ratio, canvas.width - 24 * ratio);
  return await new Promise((done) => canvas.toBlob((blob) => done(blob!), "image/png"));
}
