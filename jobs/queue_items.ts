import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import type { Opening } from "./open_phase.ts";
import { inFolders, spread } from "./session_files.ts";

/** Files looked at by one transaction: some 50 ms. */
const PORTION = 5000;

/**
 * Queues photos without a vector of this model, a file for each: training reads the preview made from
 * it. One that is there, or else one that was: then a near-copy is, which is found through the vector.
 * Returns where the next portion begins, as queuePhotos does.
 */
export async function queueFiles(
  tx: Tx,
  { session, worker }: Opening,
  { after }: { after: string },
): Promise<string | null> {
  const [{ last, looked }] = await tx.execute<{ last: string | null; looked: number }>(sql`
    with portion as materialized (
      select id, representative_id from photos where id > ${after || "0"}::bigint
      order by id limit ${PORTION}
    ), queued as (
      insert into jobs (session_id, phase, subject, priority, state, reason, message, finished_at)
      select ${session.id}::bigint, 'training', file.id, ${spread(sql`file.id`)},
        ${unless(sql`file.ignored`)}
      from portion p cross join lateral (
        select f.id, f.missing_at is not null as missing, f.ignored_at is not null as ignored
        from files f where f.photo_id = p.id order by missing, ignored, f.path limit 1) file
      where p.representative_id is null
        and not exists (select from embeddings e
          where e.photo_id = p.id and e.model = ${worker.models.clip.key})
        and (not file.missing or exists (select from photos d join files f on f.photo_id = d.id
          where d.representative_id = p.id and f.missing_at is null))
      on conflict (session_id, phase, subject) do nothing
    )
    select max(id) as last, count(*)::int as looked from portion`);
  return looked < PORTION ? null : last;
}

/**
 * Queues photos in the session's folders that this face model has not looked at yet, wherever they
 * were first found; a duplicate shares the faces of its representative. A run over faces looks again
 * at all of them; the folders of its source are its own, since the source may be deleted by then. What
 * somebody wants left alone is skipped. Returns where the next portion begins, to be given as `after`,
 * or null at the end.
 */
export async function queuePhotos(
  tx: Tx,
  { session, worker }: Opening,
  { after }: { after: string },
): Promise<string | null> {
  const again = session.kind === "faces";
  const library = session.kind === "models" || (again && session.sourceSessionId === null);
  const unseen = sql`and not exists (select from face_scans s
    where s.photo_id = p.id and s.model = ${worker.models.faces.key})`;
  const [{ last, looked }] = await tx.execute<{ last: string | null; looked: number }>(sql`
    with portion as materialized (
      select path, photo_id, missing_at from files
      where path > ${after} and ${library ? sql`true` : inFolders(session)}
      order by path limit ${PORTION}
    ), queued as (
      insert into jobs (session_id, phase, subject, priority, state, reason, message, finished_at)
      select ${session.id}::bigint, 'face_detection', p.id, ${spread(sql`p.id`)},
        ${unless(sql`p.ignored`)}
      from (
        select distinct p.id, p.faces_ignored_at is not null as ignored
        from portion join photos p on p.id = portion.photo_id
        where portion.missing_at is null
          and p.representative_id is null ${again ? sql`` : unseen}
      ) p
      on conflict (session_id, phase, subject) do nothing
    )
    select max(path) as last, count(*)::int as looked from portion`);
  return looked < PORTION ? null : last;
}

/** For a person, on an item that somebody wants left alone. */
export const IGNORED = "Ignored until the file changes";

/** State, reason, message and end of a new item: queued, unless somebody wants it left alone. */
const unless = (ignored: SQL): SQL =>
  sql`case when ${ignored} then 'skipped' else 'queued' end,
    case when ${ignored} then 'ignored' end, case when ${ignored} then ${IGNORED} end,
    case when ${ignored} then now() end`;
