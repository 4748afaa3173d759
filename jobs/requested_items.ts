import { type SQL, sql } from "drizzle-orm";
import type { requests } from "../db/schema.ts";

/** Something that somebody asked for and a worker carries out. */
export type Request = typeof requests.$inferSelect;

/** Rows touched by one transaction: some 50 ms, so that nobody waits behind it. */
export const PORTION = 5000;

/** Condition on `jobs`: the failed items a request is about. */
export function itemsOf({ jobIds, phase }: Request): SQL {
  return sql`(${sql.param(jobIds)}::bigint[] is null or jobs.id = any(${
    sql.param(jobIds)
  }::bigint[]))
    and (${phase}::text is null or jobs.phase = ${phase})`;
}
