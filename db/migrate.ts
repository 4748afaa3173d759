import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { fileURLToPath } from "node:url";

// Any constant of our own: "safelight" in ASCII, folded to 31 bits.
const MIGRATION_LOCK = 0x5afe1164;

export const MIGRATIONS = fileURLToPath(new URL("./migrations", import.meta.url));

/**
 * Brings the database at `url` to the newest schema. Twenty processes may call this at once: the
 * migrator itself races, so an advisory lock on a connection of its own lets one through at a time.
 */
export async function migrateDatabase(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await migrate(drizzle(sql), { migrationsFolder: MIGRATIONS });
  } finally {
    await sql.end({ timeout: 5 });
  }
}
