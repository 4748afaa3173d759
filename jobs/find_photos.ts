import { type SQL, sql } from "drizzle-orm";
import type { Db, Tx } from "../db/client.ts";
import { type KnownPhoto, similarShape } from "./identity.ts";

/** A stored photo, with what comparing needs. */
export interface StoredPhoto extends KnownPhoto {
  sha256: string;
  dhash: string;
  flat: boolean;
  width: number;
  height: number;
  /** It has a vector under the model asked about. */
  embedded: boolean;
}

/** Stored photos by SHA-256, of those given; `model` is the one vectors are asked about. */
export async function findByContent(
  db: Db | Tx,
  { hashes, model }: { hashes: string[]; model: string },
): Promise<Map<string, StoredPhoto>> {
  const found = await select(db, model, sql`p.sha256 = any(${sql.param(hashes)}::text[])`);
  return new Map(found.map((photo) => [photo.sha256, photo]));
}

/** Representatives that share one of the given dHashes, first seen first. */
export function findByHash(
  db: Db | Tx,
  { hashes, model }: { hashes: string[]; model: string },
): Promise<StoredPhoto[]> {
  return select(
    db,
    model,
    sql`p.dhash = any(${sql.param(hashes)}::text[]) and not p.flat and p.representative_id is null`,
  );
}

/** The representative a picture is a near-copy of, among `representatives`; a flat picture has none. */
export function findSimilar(
  photo: { dhash: string; flat: boolean; width: number; height: number },
  representatives: readonly StoredPhoto[],
): StoredPhoto | null {
  if (photo.flat) return null;
  return representatives.find((other) =>
    other.dhash === photo.dhash && !other.flat && similarShape(other, photo)
  ) ?? null;
}

async function select(db: Db | Tx, model: string, where: SQL): Promise<StoredPhoto[]> {
  const rows = await db.execute<{
    id: string;
    sha256: string;
    dhash: string;
    flat: boolean;
    width: number;
    height: number;
    representative: string | null;
    mtime: string;
    path: string;
    session: string | null;
    embedded: boolean;
    scanned: boolean;
  }>(sql`
    select p.id, p.sha256, p.dhash, p.flat, p.width, p.height, p.representative_id as representative,
      p.first_mtime_ms as mtime, p.first_path as path, p.session_id as session,
      exists (select from embeddings e where e.photo_id = p.id and e.model = ${model}) as embedded,
      exists (select from face_scans s where s.photo_id = p.id) as scanned
    from photos p where ${where} order by p.first_mtime_ms, p.first_path`);
  return rows.map((row) => ({
    id: Number(row.id),
    sha256: row.sha256,
    dhash: row.dhash,
    flat: row.flat,
    width: row.width,
    height: row.height,
    representativeId: row.representative === null ? null : Number(row.representative),
    first: { mtimeMs: Number(row.mtime), path: row.path },
    sessionId: row.session === null ? null : Number(row.session),
    embedded: row.embedded,
    scanned: row.scanned,
  }));
}
