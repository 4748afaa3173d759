import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Sql } from "../db/client.ts";
import { vectorOfBytes } from "../db/vectors.ts";

/**
 * What runs came to, in terms that do not depend on ids: for comparing libraries. Every section is
 * a sorted list of lines which must be equal; vectors are compared by their cosine.
 */
export interface LibraryState {
  sections: Record<string, string[]>;
  vectors: Map<string, Float32Array>;
}

/** Least cosine between the vectors of a disturbed and an undisturbed run. */
const SAME = 0.9999;

/** Reads everything that a library's runs have made: result tables, ledgers, pictures on disk. */
export async function libraryState(sql: Sql, dataDir: string): Promise<LibraryState> {
  const vectors = new Map<string, Float32Array>();
  const add = (name: string, bytes: Uint8Array) => vectors.set(name, vectorOfBytes(bytes));
  for (
    const row of await sql`
      select p.sha256, e.model, e.vector from embeddings e join photos p on p.id = e.photo_id`
  ) add(`picture ${row.sha256} ${row.model}`, row.vector);
  const places = new Map<string, number>();
  const names = new Map<string, string>();
  const faces = await sql`
    select f.id, f.cluster_id, f.embedding, p.sha256, f.model, f.score, f.quality,
      array_to_string(f.box, ' ') as box, array_to_string(f.landmarks, ' ') as landmarks,
      concat_ws(' ', n.name, case when f.confirmed then 'confirmed' end,
        case when f.not_a_face then 'no face' end, s.person_id) as person
    from faces f join photos p on p.id = f.photo_id
      left join people n on n.id = f.person_id left join suggestions s on s.face_id = f.id
    order by p.sha256, f.model, f.box, f.landmarks, md5(f.embedding)`;
  for (const face of faces) {
    const key = `${face.sha256} ${face.model}`;
    const place = places.get(key) ?? 0;
    places.set(key, place + 1);
    names.set(face.id, `${key} face ${place}`);
    add(names.get(face.id)!, face.embedding);
  }
  const members = new Map<string, string[]>();
  for (const face of faces.filter((face) => face.cluster_id !== null)) {
    members.set(face.cluster_id, [...members.get(face.cluster_id) ?? [], names.get(face.id)!]);
  }
  const clusters = await sql`select id, model, size, cover_face_id from clusters`;
  return {
    vectors,
    sections: {
      ...await tables(sql),
      faces: faces.map((face) =>
        [names.get(face.id), face.box, face.landmarks, face.score, face.quality, face.person]
          .join(" · ")
      ),
      clusters: clusters.map(({ id, model, size, cover_face_id }) =>
        [model, size, names.get(cover_face_id), ...(members.get(id) ?? []).sort()].join(" · ")
      ).sort(),
      pictures: await pictures(dataDir),
    },
  };
}

// Statements with one column each, in the order of the bytes.
async function tables(sql: Sql): Promise<Record<string, string[]>> {
  const statements = {
    photos: sql`
      select concat_ws(' · ', p.sha256, coalesce(r.sha256, p.sha256), p.first_path, p.first_mtime_ms,
        p.byte_size, p.width, p.height, p.format, p.taken_at, p.taken_offset_minutes, p.camera, p.lens,
        p.latitude, p.longitude, p.rating, p.dhash, p.flat, p.preview_width, p.preview_height)
      from photos p left join photos r on r.id = p.representative_id`,
    files: sql`
      select concat_ws(' · ', f.path, f.size, f.mtime_ms, coalesce(p.sha256, 'no photo'),
        case when f.missing_at is null then 'there' else 'missing' end)
      from files f left join photos p on p.id = f.photo_id`,
    scans: sql`
      select concat_ws(' · ', p.sha256, s.model, s.faces)
      from face_scans s join photos p on p.id = s.photo_id`,
    // A line each time that faces were grouped: who does it twice has one too many.
    clusterings: sql`select concat_ws(' · ', model, faces, clusters, noise) from clusterings`,
    ignored: sql`
      select concat_ws(' · ', path, 'file') from files where ignored_at is not null
      union all
      select concat_ws(' · ', sha256, 'faces') from photos where faces_ignored_at is not null`,
    sessions: sql`
      select concat_ws(' · ', name, status, faces_found, clusters_made, error) from sessions`,
    ledgers: sql`
      select concat_ws(' · ', s.name, p.name, p.status, p.total, p.done, p.skipped, p.failed,
        p.cancelled, p.error) from phases p join sessions s on s.id = p.session_id`,
    // By content: which of two files with the same bytes was read first is a matter of order.
    // Attempts too: neither a death nor a lost connection consumes one.
    items: sql`
      select concat_ws(' · ', s.name, j.phase, coalesce(p.sha256, f.path), j.state, j.reason,
        'attempt ' || j.attempt)
      from jobs j join sessions s on s.id = j.session_id
      left join files f on f.id = j.subject and j.phase = 'training'
      left join photos p on p.id =
        case j.phase when 'training' then f.photo_id when 'face_detection' then j.subject end`,
    people: sql`select concat_ws(' · ', name, hidden) from people`,
    changes: sql`select concat_ws(' · ', by, kind, message, undone_at is null) from changes`,
    unread: sql`select concat_ws(' · ', path, message) from walk_faults`,
    requests: sql`select concat_ws(' · ', session_id, action) from requests`,
  };
  const sections: Record<string, string[]> = {};
  for (const [name, statement] of Object.entries(statements)) {
    sections[name] = (await statement.values()).map(([line]) => line as string).sort();
  }
  return sections;
}

/** Previews and thumbnails by name, size and hash; what a killed process wrote beside is left out. */
async function pictures(dataDir: string): Promise<string[]> {
  const lines: string[] = [];
  for (const folder of ["previews", "thumbnails"]) {
    for await (const path of filesBelow(join(dataDir, folder))) {
      if (!/\.(jpg|webp)$/.test(path)) continue;
      lines.push(`${path.slice(dataDir.length + 1)} · ${hash(await Deno.readFile(path))}`);
    }
  }
  return lines.sort();
}

/** All files below a folder; none if it does not exist. */
export async function* filesBelow(folder: string): AsyncGenerator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const entry of entries) {
    if (entry.isDirectory) yield* filesBelow(join(folder, entry.name));
    else yield join(folder, entry.name);
  }
}

/**
 * What differs between two libraries, in sentences, a few of each section. `only` names the
 * sections that must be equal; all without it.
 */
export function differences(
  expected: LibraryState,
  actual: LibraryState,
  only: string[] = Object.keys(expected.sections),
): string[] {
  const found: string[] = [];
  for (const section of only) {
    const [before, after] = [expected.sections[section], actual.sections[section]];
    found.push(...surplus(before, after).map((line) => `${section}: missing "${line}"`));
    found.push(...surplus(after, before).map((line) => `${section}: unexpected "${line}"`));
  }
  const vectors = new Set([...expected.vectors.keys(), ...actual.vectors.keys()]);
  const turned = [...vectors].filter((name) =>
    !same(expected.vectors.get(name), actual.vectors.get(name))
  );
  return [...found, ...turned.slice(0, 5).map((name) => `vectors: ${name} differs`)];
}

/** Up to five lines that `lines` has more often than `others`, each cut to a readable length. */
function surplus(lines: string[], others: string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  }).slice(0, 5).map((line) => line.length > 300 ? `${line.slice(0, 300)}…` : line);
}

/** True for two vectors, L2-normalised, that mean the same; false if one is missing. */
export function same(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  if (!a || !b) return false;
  // The seeded photo of files that are known already has the zero vector.
  if (a.every((value) => value === 0)) return b.every((value) => value === 0);
  return a.reduce((sum, value, index) => sum + value * b[index], 0) >= SAME;
}

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
