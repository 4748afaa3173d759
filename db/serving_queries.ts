import { sql } from "drizzle-orm";
import type { Db, Tx } from "./client.ts";

/** Keys of the models whose vectors answer searches and whose faces are shown; null: whatever there is. */
export interface Serving {
  clip: string | null;
  faces: string | null;
}

const NAME = "serving";

/** Which models answer at present: one row by its key. */
export async function readServing(db: Db | Tx): Promise<Serving> {
  const [row] = await db.execute<{ value: Partial<Serving> }>(sql`
    select value from settings where name = ${NAME}`);
  return { clip: row?.value.clip ?? null, faces: row?.value.faces ?? null };
}

/** The model whose faces are shown, as SQL; before one was written down, that of the last grouping. */
export const SHOWN_FACES = sql`coalesce(
  (select value ->> 'faces' from settings where name = ${NAME}),
  (select model from clusterings order by id desc limit 1))`;

/** The model whose faces are shown, or null before any were grouped. */
export async function shownFaces(db: Db | Tx): Promise<string | null> {
  const [{ model }] = await db.execute<{ model: string | null }>(
    sql`select ${SHOWN_FACES} as model`,
  );
  return model;
}

/** Lets other models answer from the commit on; a kind that is not given stays as it is. */
export async function writeServing(
  tx: Db | Tx,
  changes: Partial<Serving>,
  by = "Safelight",
): Promise<void> {
  const value = JSON.stringify(changes);
  await tx.execute(sql`
    insert into settings (name, value, by) values (${NAME}, ${value}::jsonb, ${by})
    on conflict (name) do update set value = settings.value || excluded.value, by = excluded.by,
      changed_at = now()`);
}

/**
 * True if a photo has no vector of this model although a file of it is there that somebody wants
 * looked at: one left alone would keep the former models for ever. Stops at the first.
 */
export async function lacksVectors(db: Db | Tx, model: string): Promise<boolean> {
  const [{ lacks }] = await db.execute<{ lacks: boolean }>(sql`
    select exists (select from photos p where p.representative_id is null
      and exists (select from files f
        where f.photo_id = p.id and f.missing_at is null and f.ignored_at is null)
      and not exists (select from embeddings e
        where e.photo_id = p.id and e.model = ${model})) as lacks`);
  return lacks;
}

/** True if there is a photo that countUnscanned counts. Stops at the first. */
export async function lacksScans(db: Db | Tx, model: string): Promise<boolean> {
  const [{ lacks }] = await db.execute<{ lacks: boolean }>(sql`
    select exists (select from photos p where ${unscanned(model)}) as lacks`);
  return lacks;
}

/** Photos whose file is there and in which this model has not looked for faces. */
export async function countUnscanned(db: Db | Tx, model: string): Promise<number> {
  const [{ count }] = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from photos p where ${unscanned(model)}`);
  return count;
}

/**
 * Condition on `faces f`: those that a grouping is about. What somebody confirmed takes part whatever
 * its quality; what is no face does not.
 */
export const groupable = ({ model, minQuality }: { model: string; minQuality: number }) =>
  sql`f.model = ${model} and not f.not_a_face and (f.quality >= ${minQuality} or f.confirmed)`;

/** True if the last grouping of this model's faces was of as many as a grouping would be of now. */
export async function areGrouped(
  db: Db | Tx,
  { model, minQuality }: { model: string; minQuality: number },
): Promise<boolean> {
  const [row] = await db.execute<{ same: boolean }>(sql`
    select g.faces = (select count(*) from faces f
      where ${groupable({ model, minQuality })}) as same
    from clusterings g where g.model = ${model} order by g.id desc limit 1`);
  return row?.same ?? false;
}

const unscanned = (model: string) =>
  sql`p.representative_id is null and p.faces_ignored_at is null
    and exists (select from files f where f.photo_id = p.id and f.missing_at is null)
    and not exists (select from face_scans s where s.photo_id = p.id and s.model = ${model})`;

/**
 * What the library has or is about to get: a photo at all, and one in which somebody has looked for
 * faces. The first session may have its first photos in hand, by the models until now.
 */
export async function libraryHas(db: Db | Tx): Promise<{ photos: boolean; scans: boolean }> {
  const coming = sql`exists (select from sessions where kind = 'folders' and deleted_at is null
    and status in ('pending', 'discovering', 'running', 'paused')`;
  const [row] = await db.execute<{ photos: boolean; scans: boolean }>(sql`
    select exists (select from photos) or ${coming}) as photos,
      exists (select from face_scans) or ${coming} and not skip_face_detection) as scans`);
  return row;
}

/** The run that brings the library to the models that were chosen last, if it has not ended. */
export async function openModelsRun(db: Db | Tx): Promise<number | null> {
  const [row] = await db.execute<{ id: string }>(sql`
    select id from sessions where kind = 'models' and deleted_at is null
      and status in ('pending', 'discovering', 'running', 'paused')
    order by id desc limit 1`);
  return row ? Number(row.id) : null;
}
