import { sql as query } from "drizzle-orm";
import type { Db, Sql } from "../client.ts";
import { TOKEN_DAYS } from "./identity.ts";
import { parseIds } from "./id_list.ts";

/** The journal is kept for a day; who has not looked for half of one compares everything. */
const JOURNAL_DAYS = 1;
const LOOK_WITHIN = "12 hours";

/** In the journal's column of models, beside photo 0: the table was emptied. */
const EMPTIED = "";

/** Where an index stands in the journal of changes. */
export interface Position {
  /** Transactions from this one on may have changed something since. */
  cursor: string;
  /** When it was looked, by the database's clock. */
  lookedAt: string;
}

/** What the journal says. */
export interface Look {
  position: Position;
  /** Photos whose vector came, changed or went; each row of the journal once. */
  photos: number[];
  /** Too long since the last look: the journal may have forgotten something. */
  tooLate: boolean;
  /** The database is at a point before the last look: it was restored beneath this index. */
  wentBack: boolean;
  /** The server was started, or the table made, since the last look: either may come of restoring. */
  replaced: boolean;
  /** The table was emptied at once, which no trigger tells row by row. */
  emptied: boolean;
}

/** Reads on in the journal of one model. */
export interface ChangeReader {
  /** What happened since `position`; a row of the journal that `keep` was told is not told again. */
  look(position: Position): Promise<Look>;
  /** Where the journal is now: what an index must begin with before it reads all there is. */
  start(): Promise<Position>;
  /** What the last look told has been taken in. */
  keep(): void;
}

/**
 * A reader of `embedding_changes`. The cursor is the oldest transaction that was open in the very
 * snapshot in which the journal was read: one that commits late is still ahead of it. Until that
 * oldest one ends, rows of later ones are read again, and passed over by their ids.
 */
export function createChangeReader(sql: Sql, model: string): ChangeReader {
  let told = new Set<number>();
  let keeping = told;
  // Null before the first look: until then a snapshot's stamp answers for it.
  let server: string | null = null;

  return {
    async start() {
      const [{ seen, ...position }] = await sql<[Position & { seen: string }]>`
        select pg_snapshot_xmin(pg_current_snapshot())::text as cursor,
          clock_timestamp()::text as "lookedAt",
          concat_ws('/', pg_postmaster_start_time(), 'embeddings'::regclass::oid) as seen`;
      told = keeping = new Set();
      server = seen;
      return position;
    },
    async look({ cursor, lookedAt }) {
      const [{ tooLate, wentBack, rows, seen, ...position }] = await sql<
        [Position & { tooLate: boolean; wentBack: boolean; rows: string | null; seen: string }]
      >`
        select pg_snapshot_xmin(now)::text as cursor, clock_timestamp()::text as "lookedAt",
          clock_timestamp() - ${lookedAt}::timestamptz > ${LOOK_WITHIN}::interval as "tooLate",
          pg_snapshot_xmax(now) < ${cursor}::xid8 as "wentBack",
          concat_ws('/', pg_postmaster_start_time(), 'embeddings'::regclass::oid) as seen,
          (select string_agg(id || ',' || photo_id, ',') from embedding_changes
            where model in (${model}, ${EMPTIED}) and xid >= ${cursor}::xid8) as rows
        from pg_current_snapshot() as now`;
      const numbers = parseIds(rows);
      const photos: number[] = [];
      keeping = new Set();
      let emptied = false;
      for (let i = 0; i < numbers.length; i += 2) {
        keeping.add(numbers[i]);
        if (told.has(numbers[i])) continue;
        if (numbers[i + 1] === 0) emptied = true;
        else photos.push(numbers[i + 1]);
      }
      const replaced = server !== null && server !== seen;
      server = seen;
      return { position, photos, tooLate, wentBack, replaced, emptied };
    },
    keep() {
      told = keeping;
    },
  };
}

/** How many vectors of the model there are: 60 ms of the server's time at a million. */
export async function countStored(sql: Sql, model: string): Promise<number> {
  const [{ count }] = await sql<{ count: number }[]>`
    select count(*)::int as count from embeddings where model = ${model}`;
  return count;
}

/** Ids asked for at once: a million in one text would keep their thread busy for 80 ms. */
const PAGE = 100_000;

/**
 * Photos with a vector of the model, in order; with `since`, those whose row was written from there on,
 * in none. Who reads them must have asked before from where on the journal tells of changes.
 */
export async function storedPhotos(
  sql: Sql,
  model: string,
  since: Position | null = null,
): Promise<Float64Array> {
  if (since) {
    // Reads the table without its vectors; the other nothing but the index embeddings_model.
    const [{ ids }] = await sql<[{ ids: string | null }]>`
      select string_agg(photo_id::text, ',') as ids from embeddings
      where model = ${model} and age(xmin) <= age(${since.cursor}::xid8::xid)`;
    return parseIds(ids);
  }
  const pages: Float64Array[] = [];
  for (let after = "-1", full = true; full;) {
    const [{ ids }] = await sql<[{ ids: string | null }]>`
      select string_agg(photo_id::text, ',' order by photo_id) as ids
      from (select photo_id from embeddings where model = ${model} and photo_id > ${after}
        order by photo_id limit ${PAGE}) as page`;
    const page = parseIds(ids);
    pages.push(page);
    full = page.length === PAGE;
    after = String(page.at(-1));
  }
  const all = new Float64Array(pages.reduce((sum, { length }) => sum + length, 0));
  pages.reduce((at, page) => (all.set(page, at), at + page.length), 0);
  return all;
}

/**
 * Forgets what indexes have long read: rows of the journal older than a day, and where snapshots
 * left theirs, older than 400. Returns how many it were.
 */
export async function pruneEmbeddingChanges(db: Db): Promise<number> {
  const { count } = await db.execute(query`
    delete from embedding_changes
    where at < now() - ${JOURNAL_DAYS} * interval '1 day'
      and (model not like 'snapshot %' or at < now() - ${TOKEN_DAYS} * interval '1 day')`);
  return count;
}
