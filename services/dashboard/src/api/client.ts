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

const guarded: { csrf: string | null; refused: () => void } = { csrf: null, refused: () => undefined };

/** What requests that change something show, so that no other site's can. */
export function protect(csrf: string | null): void {
  guarded.csrf = csrf;
}

/** Is told when something was refused for want of a session or a role. */
export function onRefused(listener: () => void): void {
  guarded.refused = listener;
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
  const response = await reached(address(template, request), request.signal && { signal: request.signal });
  if (response.status === 401 || response.status === 403) guarded.refused();
  if (!response.ok) throw await failure(response);
  return (await response.json()) as Answer<P>;
}

/** Change something, as the page's own request. Throws ApiFailure. */
export async function send<A>(method: "POST" | "DELETE", path: keyof paths, body?: object): Promise<A> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (guarded.csrf) headers["X-CSRF-Token"] = guarded.csrf;
  const response = await reached(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw await failure(response);
  return (response.status === 204 ? undefined : await response.json()) as A;
}

async function reached(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(url, { ...init, headers: { "Accept-Language": speech.lang, ...init.headers } });
  } catch (error) {
    if (init.signal?.aborted) throw error;
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
