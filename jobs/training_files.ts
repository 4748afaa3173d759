import { sql } from "drizzle-orm";
import type { Claim } from "./queue/claim.ts";
import type { WorkerContext } from "./worker_context.ts";

/** What the database knows of a file that is to be trained. */
export interface TrainingFile {
  id: number;
  path: string;
  mtimeMs: number;
  /** Bytes, as the last walk saw it. */
  size: number;
  /** Its photo, if the file has not changed since that was made. */
  photo: { sha256: string; width: number; height: number; dhash: string; flat: boolean } | null;
  /**
   * A job is made for a file without its photo's vector. If it is there by now, another session
   * over the same folder has made it.
   */
  trained: boolean;
}

/** The files of a claim by their id. */
export async function trainingFiles(
  { db, worker }: WorkerContext,
  claim: Claim,
): Promise<Map<number, TrainingFile>> {
  const rows = await db.execute<{
    id: string;
    path: string;
    mtime: string;
    size: string;
    sha256: string | null;
    width: number;
    height: number;
    dhash: string;
    flat: boolean;
    trained: boolean;
  }>(sql`
    select f.id, f.path, f.mtime_ms as mtime, f.size, p.sha256, p.width, p.height, p.dhash, p.flat,
      exists (select from embeddings e where e.photo_id = coalesce(p.representative_id, p.id)
        and e.model = ${worker.models.clip.key}) as trained
    from files f left join photos p on p.id = f.photo_id
    where f.id = any(${sql.param(claim.jobs.map((job) => job.subject))}::bigint[])`);
  return new Map(rows.map((row) => {
    const { path, trained, sha256, width, height, dhash, flat } = row;
    const photo = sha256 === null ? null : { sha256, width, height, dhash, flat };
    const [id, mtimeMs, size] = [row.id, row.mtime, row.size].map(Number);
    return [id, { id, path, mtimeMs, size, photo, trained }];
  }));
}
