// The API, typed by what it says of itself (schema.ts is generated). Failures are RFC 9457 problem details.
import type { components, paths } from "./schema.ts";

export type Schemas = components["schemas"];
export type Snapshot = Schemas["Snapshot"];
export type KpiState = Schemas["KpiState"];
export type KpiRow = Schemas["KpiRow"];
export type City = Schemas["City"];
export type Text = Schemas["Text"];
export type LiveMessage =
  Schemas["SnapshotMessage"] | Schemas["ChangeMessage"] | Schemas["HeartbeatMessage"] | Schemas["EndMessage"];

type Gettable = { [P in keyof paths]: paths[P] extends { get: object } ? P : never }[keyof paths];
type Get<P extends Gettable> = paths[P]["get"] & object;
type Parameters<P extends Gettable, In extends string> =
  Get<P> extends { parameters: { [K in In]?: infer Q } } ? NonNullable<Q> : object;
type Answer<P extends Gettable> =
  Get<P> extends { responses: { 200: { content: { "application/json": infer A } } } } ? A : never;

export interface Request<P extends Gettable> {
  path?: Parameters<P, "path">;
  query?: Parameters<P, "query">;
  signal?: AbortSignal;
}

/** What the API said when it refused; `status` 0 when it could not be reached. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly detail: string;
  readonly type: string;

  constructor(status: number, title: string, detail = "", type = "") {
    super(title);
    this.status = status;
    this.detail = detail;
    this.type = type;
  }
}

const speech = { lang: "en" };

/** The language in which failures are answered. */
export function speak(lang: string): void {
  speech.lang = lang;
}

/** The address of an endpoint with its parameters filled in. */
export function address<P extends Gettable>(template: P, { path, query }: Request<P> = {}): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String((path as Record<string, unknown>)[name])),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) search.append(name, String(one));
    }
  }
  return search.size ? `${filled}?${search}` : filled;
}

/** GET an endpoint. Throws ApiFailure, or what `signal` was aborted with. */
export async function get<P extends Gettable>(template: P, request: Request<P> = {}): Promise<Answer<P>> {
  const response = await reached(address(template, request), request.signal);
  if (!response.ok) throw await failure(response);
  return (await response.json()) as Answer<P>;
}

async function reached(url: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { headers: { "Accept-Language": speech.lang }, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure(0, String(error));
  }
}

async function failure(response: Response): Promise<ApiFailure> {
  const problem = (await response.json().catch(() => ({}))) as {
    title?: string;
    detail?: string;
    type?: string;
  };
  return new ApiFailure(
    response.status,
    problem.title ?? response.statusText,
    problem.detail ?? "",
    problem.type ?? "",
  );
}
