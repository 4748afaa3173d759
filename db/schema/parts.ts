import { sql } from "drizzle-orm";
import { bigint, timestamp } from "drizzle-orm/pg-core";

/** What several tables are made of. */

export const id = () => bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity();
export const time = () => timestamp({ withTimezone: true, mode: "date" });

// text + check instead of enums: adding a value to an enum cannot be undone inside a migration.
export const oneOf = (column: string, values: readonly string[]) =>
  sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(", ")})`);
