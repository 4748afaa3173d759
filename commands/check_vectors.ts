import type { Config } from "../config.ts";
import { setUpPgvector } from "../db/vector_index/pgvector_setup.ts";
import type { House } from "./house.ts";

/**
 * Makes sure that vectors can be looked for as the configuration says, and returns that for a person.
 * Throws PgvectorMissing: at the start, and not at somebody's first search.
 */
export async function checkVectors({ vectors }: Config, { database }: House): Promise<string> {
  if (vectors === "hnswlib") return "hnswlib, in the web process";
  await setUpPgvector(database.sql, database.url);
  return "pgvector, in the database";
}
