import type { Sql } from "../client.ts";
import type { Stamp } from "./snapshot_files.ts";

/** Tokens of snapshots that were last written so long ago are forgotten, and the snapshots with them. */
export const TOKEN_DAYS = 400;

/** In the journal's column of models; a model's key begins otherwise. */
const TOKEN = "snapshot ";

/** A cursor further back than this may be a transaction of the time before the counter went round. */
const FAR_BACK = 1n << 30n;

/**
 * Which vectors these are: cluster, database and table, which a restored dump replaces. Null where
 * the server does not tell, which a managed one may refuse.
 */
export async function readIdentity(sql: Sql): Promise<string | null> {
  try {
    const [{ identity }] = await sql<{ identity: string }[]>`
      select concat_ws('/', system_identifier,
        (select oid from pg_database where datname = current_database()),
        'embeddings'::regclass::oid) as identity
      from pg_control_system()`;
    return identity;
  } catch (error) {
    // 42: no such function, no permission for it.
    if (/^42/.test((error as { code?: string }).code ?? "")) return null;
    throw error;
  }
}

/**
 * Leaves a row in the journal that says: up to here a snapshot has seen this database. One that was
 * restored from an earlier backup has it not, and may have given the ids of photos to other pictures.
 */
export async function leaveToken(sql: Sql): Promise<string> {
  const token = TOKEN + crypto.randomUUID();
  await sql`insert into embedding_changes (model, photo_id) values (${token}, 0)`;
  return token;
}

/** Takes the row of a snapshot away that another has taken the place of. */
export async function removeToken(sql: Sql, token: string): Promise<void> {
  await sql`delete from embedding_changes where model = ${token}`;
}

/** Why a snapshot with this stamp is not of the database; null: it is. */
export async function judgeStamp(
  sql: Sql,
  stamp: Stamp,
  identity: string | null,
): Promise<string | null> {
  if (identity === null) return "the server does not tell which database it is";
  if (stamp.database !== identity) {
    return `it is of the database ${stamp.database}, not ${identity}`;
  }
  const [{ next, left }] = await sql<{ next: string; left: boolean }[]>`
    select pg_snapshot_xmax(pg_current_snapshot())::text as next,
      exists (select from embedding_changes where model = ${stamp.token}) as left`;
  const behind = BigInt(next) - BigInt(stamp.cursor);
  if (behind < 0n || !left) return "the database was restored from a backup made before it";
  if (behind >= FAR_BACK) return `it is ${behind} transactions old`;
  return null;
}
