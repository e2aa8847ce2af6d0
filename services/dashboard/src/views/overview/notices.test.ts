import { expect, test } from "vitest";
import type { Schemas } from "../../api/client.ts";
import { distinct } from "./notices.ts";

function notice(id: number, subject: string, at: string, sent: string | null): Schemas["Notice"] {
  const said = {
    rule: "kpi",
    kind: "kpi",
    what: "raised",
    stands: true,
    text: subject,
    way: "duty",
    due_at: at,
  };
  return { ...said, id, subject, at, sent_at: sent, dropped_at: null, attempts: 0, failure: null };
}

test("the newest of each subject, out when one way took it", () => {
  const told = [
    notice(5, "2.1", "2027-03-09T10:00:00Z", null),
    notice(4, "2.1", "2027-03-09T10:00:00Z", "2027-03-09T10:00:05Z"),
    notice(3, "1.8", "2027-03-09T09:00:00Z", null),
    notice(2, "2.1", "2027-03-08T10:00:00Z", "2027-03-08T10:00:05Z"),
  ];
  expect(distinct(told).map((one) => one.id)).toEqual([4, 3]);
});
