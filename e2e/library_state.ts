import type { Sql } from "../db/client.ts";
import { vectorOfBytes } from "../db/vectors.ts";

/** What a run came to, in terms that do not depend on ids: for comparing two runs. */
export interface LibraryState {
  /** Per content: who represents it and which file was first. */
  photos: Map<string, { representative: string; first: string; vector: Float32Array | null }>;
  /** Per content: boxes of its faces in order. */
  faces: Map<string, number[][]>;
  /** The clusters as sets of faces, each face named by content and place. */
  clusters: string[];
  ledger: Record<string, Record<string, number | null>>;
}

/** Reads the state of a library with one session. */
export async function libraryState(sql: Sql): Promise<LibraryState> {
  const photos = await sql`
    select p.sha256, coalesce(r.sha256, p.sha256) as representative, p.first_path, e.vector
    from photos p left join photos r on r.id = p.representative_id
    left join embeddings e on e.photo_id = p.id order by p.sha256`;
  const faces = await sql`
    select p.sha256, f.box, f.cluster_id from faces f join photos p on p.id = f.photo_id
    order by p.sha256, f.box[1], f.box[2]`;
  const ledger = await sql`
    select name, status, total, done, skipped, failed, cancelled from phases order by name`;
  const boxes = new Map<string, number[][]>();
  const clusters = new Map<string, string[]>();
  for (const face of faces) {
    const list = boxes.get(face.sha256) ?? [];
    boxes.set(face.sha256, [...list, face.box]);
    if (face.cluster_id === null) continue;
    const members = clusters.get(face.cluster_id) ?? [];
    clusters.set(face.cluster_id, [...members, `${face.sha256}#${list.length}`]);
  }
  return {
    photos: new Map(photos.map((row) => [row.sha256, {
      representative: row.representative,
      first: row.first_path,
      vector: row.vector && vectorOfBytes(row.vector),
    }])),
    faces: boxes,
    clusters: [...clusters.values()].map((members) => members.join(" ")).sort(),
    ledger: Object.fromEntries(ledger.map(({ name, ...row }) => [name, row])),
  };
}
