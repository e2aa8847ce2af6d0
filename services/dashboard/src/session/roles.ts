// What a role opens. The API judges (schemas/users.py); the page only does not ask for what it would be refused.
import type { Schemas } from "../api/client.ts";

export type Session = Schemas["Session"];
export type Role = Session["roles"][number]["role"];
export type Wanted = "viewer" | "operator";

const OPENED_BY: Record<Wanted, readonly Role[]> = {
  viewer: ["viewer", "operator", "administrator"],
  operator: ["operator", "administrator"],
};
const FROM_THE_TOP: readonly Role[] = ["administrator", "operator", "viewer", "evaluator", "exporter"];
const EVERYWHERE = "*";

const within = (session: Session, city: string | null) =>
  session.roles
    .filter((grant) => grant.city === EVERYWHERE || grant.city === city)
    .map((grant) => grant.role);

/** Whether what wants this role in this city may be asked for. */
export function may(session: Session | null, wanted: Wanted, city: string | null): boolean {
  if (!session) return false;
  return session.open_reads || within(session, city).some((role) => OPENED_BY[wanted].includes(role));
}

/** The role that opens most in this city; null: none. */
export function highest(session: Session, city: string | null): Role | null {
  const given = within(session, city);
  return FROM_THE_TOP.find((role) => given.includes(role)) ?? null;
}

/** Whether a session ended without being signed out of: somebody was known, and nobody is. */
export function lost(before: Session | null, now: Session): boolean {
  return Boolean(before?.user) && !now.user;
}
