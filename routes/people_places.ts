import { eq } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { clusters, people } from "../db/schema.ts";

/** False for the page of a person or cluster that is gone, as one is after all of it got a name. */
export async function isThere(db: Db, path: string): Promise<boolean> {
  const [, kind, number] = path.match(/^\/(people|clusters)\/(\d{1,15})(?:[?/]|$)/) ?? [];
  if (!kind) return true;
  const table = kind === "people" ? people : clusters;
  const rows = await db.select({ id: table.id }).from(table).where(eq(table.id, Number(number)));
  return rows.length > 0;
}
