import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../../db/client.ts";

/** A change as faults name it. */
export interface PastChange {
  id: number;
  by: string;
  kind: string;
  message: string;
}

/** The kind of a change that the program makes by itself. */
export const GROUPED = "grouped";

/** The key of `changed_rows r`, as the index changed_rows_key has it. */
export const KEY = sql`changed_key(r.table_name, coalesce(r.before, r.after))`;

/**
 * The last change that holds and touched a row of a table, by the row's key as `changed_key` in the
 * migrations makes it; with `gone`, one that deleted it. Null if the journal knows of none.
 */
export async function lastChangeOf(
  tx: Tx,
  table: string,
  key: string,
  { gone = false }: { gone?: boolean } = {},
): Promise<PastChange | null> {
  const [row] = await tx.execute(sql`
    select c.id, c.by, c.kind, c.message from changed_rows r join changes c on c.id = r.change_id
    where r.table_name = ${table} and ${KEY} = ${key} and c.undone_at is null
      ${gone ? sql`and r.after is null` : sql``}
    order by c.id desc limit 1`);
  return row ? toPastChange(row) : null;
}

/** A row with the columns id, by, kind and message. */
export const toPastChange = (row: Record<string, unknown>): PastChange => ({
  id: Number(row.id),
  by: row.by as string,
  kind: row.kind as string,
  message: row.message as string,
});

/**
 * True for a step of `faces` (columns before and after of `row`) in which somebody said something:
 * a confirmed face became somebody's or left them, was marked as none, was drawn or taken away.
 * What the program assigns or lets go by itself says nothing.
 */
export const saidIn = (row: SQL): SQL =>
  sql`(${row}.before is null or ${row}.after is null
    or ${row}.before -> 'not_a_face' <> ${row}.after -> 'not_a_face'
    or ((${row}.before ->> 'confirmed')::boolean or (${row}.after ->> 'confirmed')::boolean)
      and (${row}.before -> 'person_id' <> ${row}.after -> 'person_id'
        or ${row}.before -> 'confirmed' <> ${row}.after -> 'confirmed'))`;
