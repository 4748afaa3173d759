import { code, place, type Sql } from "../client.ts";

/** Raised for a database that cannot find vectors; the message says what to do. */
export class PgvectorMissing extends Error {
  override name = "PgvectorMissing";
}

// Any constant of our own; the second key is what it is about.
const LOCK = 0x5afe;

/** Locks of this backend: `pg_advisory_xact_lock(CLASS, …)`. */
export const SETUP_LOCK = [LOCK, 0] as const;
export const COPY_CLASS = LOCK + 1;
export const BUILD_CLASS = LOCK + 2;

/** The first version that goes on looking where a filter left too few. */
const MAJOR = 0, MINOR = 8;

/**
 * Makes sure that the database has pgvector 0.8 or newer, and the tables below. Any number of
 * processes may call it at once. Throws PgvectorMissing.
 *
 * `vector_halves` holds the vectors a second time, in half precision: all of it follows from
 * `embeddings`, so it may be dropped at any time. It is made here and not by a migration, because most
 * databases lack the extension. A vector that is deleted takes its halves along. `version` is the
 * xmin of the row they were made from: another one means that it was replaced since. `settled`: they
 * belong into the graph; to be put there takes some milliseconds each, so they are copied without it.
 * `vector` is null where what is stored is no vector that could be compared: it has been looked at.
 *
 * `vector_halves_state` says, for a model, which changes have been taken in: all of transactions
 * below `changed_before`. `compared`: until a comparison of everything is complete, the photo it has
 * come to. `origin`: of which database that is true; numbers of transactions mean nothing in one that
 * was restored from a dump. `vector_halves_origin` has a number drawn once, for managed servers refuse
 * pg_control_system().
 */
export async function setUpPgvector(sql: Sql, url: string): Promise<void> {
  await requireExtension(sql, url);
  const [{ there }] = await sql`select to_regclass('vector_halves_origin') is not null as there`;
  if (there) return;
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${SETUP_LOCK[0]}::int, ${SETUP_LOCK[1]}::int)`;
    await tx.unsafe(`
      create table if not exists vector_halves (
        photo_id bigint not null,
        model text not null,
        version bigint not null,
        vector halfvec,
        settled boolean not null,
        primary key (photo_id, model),
        foreign key (photo_id, model) references embeddings (photo_id, model)
          on delete cascade on update cascade
      );
      -- Moved out of their rows, vectors of 1,024 values took a scan a lookup each.
      alter table vector_halves alter column vector set storage plain;
      create index if not exists vector_halves_unsettled
        on vector_halves (model, photo_id) where not settled;
      create index if not exists vector_halves_unusable
        on vector_halves (model, photo_id) where vector is null;
      create table if not exists vector_halves_state (
        model text primary key,
        origin text not null,
        changed_before xid8 not null,
        compared bigint,
        at timestamptz not null
      );
      create table if not exists vector_halves_origin (
        one boolean primary key default true check (one),
        id uuid not null
      );
      insert into vector_halves_origin (id) values (gen_random_uuid()) on conflict do nothing;`);
  });
}

async function requireExtension(sql: Sql, url: string): Promise<void> {
  const version = await installedVersion(sql) ?? await install(sql, url);
  const [major, minor] = version.split(".").map(Number);
  if (major > MAJOR || (major === MAJOR && minor >= MINOR)) return;
  throw new PgvectorMissing(
    `SAFELIGHT_VECTORS is "pgvector", but the database at ${place(url)} has pgvector ${version}: ` +
      `update it to 0.8 or newer (alter extension vector update), or unset SAFELIGHT_VECTORS`,
  );
}

async function install(sql: Sql, url: string): Promise<string> {
  try {
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${SETUP_LOCK[0]}::int, ${SETUP_LOCK[1]}::int)`;
      await tx`create extension if not exists vector`;
    });
    return (await installedVersion(sql))!;
  } catch (error) {
    // 0A000, before version 16 58P01: the server does not have it; 42501: this user may not.
    if (!/^(0A000|58P01|42501)$/.test(code(error))) throw error;
    const may = code(error) === "42501"
      ? "and this user may not create it: as its owner run " +
        `"create extension vector"`
      : "install pgvector 0.8 or newer";
    throw new PgvectorMissing(
      `SAFELIGHT_VECTORS is "pgvector", but the database at ${place(url)} has no extension ` +
        `"vector"${may.startsWith("and") ? " " : ": "}${may}, or unset SAFELIGHT_VECTORS`,
      { cause: error },
    );
  }
}

async function installedVersion(sql: Sql): Promise<string | null> {
  const [found] = await sql<
    { extversion: string }[]
  >`select extversion from pg_extension where extname = 'vector'`;
  return found?.extversion ?? null;
}
