import { sql } from "drizzle-orm";
import { posix } from "node:path";
import type { Db } from "../client.ts";
import { IS_SHOWN } from "../shown_faces.ts";

/** What a form for filters offers. */
export interface FilterChoices {
  cameras: string[];
  formats: string[];
  /** With a name, strangers left out; those on most photos first. */
  people: { id: number; name: string }[];
  /** Runs that looked at photos, newest first. */
  sessions: { id: number; name: string }[];
  /** Those that sessions were run over. */
  folders: string[];
}

const CAMERAS = 200;
const PEOPLE = 200;
const SESSIONS = 50;
const FOLDERS = 200;

/** Formats are few, and all but the rarest are among so many of the newest and of the oldest photos. */
const LOOKED_AT = 10_000;

/** People are put in order by so many of their faces, and of more than so many people the first named. */
const FACES_COUNTED = 100;
const PEOPLE_COUNTED = 1000;

/**
 * What there is to choose from, by at most some ten thousand entries of indexes, whatever the library
 * holds. The lists are for a form: a filter also takes what is not in them.
 */
export async function filterChoices(db: Db): Promise<FilterChoices> {
  const [cameras, formats, people, sessions, folders] = await Promise.all([
    db.execute<{ camera: string }>(CAMERAS_USED),
    db.execute<{ format: string }>(sql`
      select distinct format from (
        (select format from photos order by id desc limit ${LOOKED_AT})
        union all (select format from photos order by id limit ${LOOKED_AT})) picked
      order by format`),
    db.execute<{ id: string; name: string }>(sql`
      select p.id, p.name from (
        select id, name from people where name is not null and not hidden
        order by id limit ${PEOPLE_COUNTED}) p
      cross join lateral (select count(*) as faces from (
        select from faces f where f.person_id = p.id and ${IS_SHOWN} limit ${FACES_COUNTED}) picked) g
      order by g.faces desc, lower(p.name collate "und-x-icu"), p.id limit ${PEOPLE}`),
    db.execute<{ id: string; name: string }>(sql`
      select id, name from sessions where deleted_at is null and kind <> 'clustering'
      order by created_at desc, id desc limit ${SESSIONS}`),
    db.execute<{ root: string; subdirectories: string[] }>(sql`
      select root_path as root, subdirectories from sessions
      where deleted_at is null and kind = 'folders' order by created_at desc, id desc
      limit ${SESSIONS}`),
  ]);
  return {
    cameras: cameras.map(({ camera }) => camera),
    formats: formats.map(({ format }) => format),
    people: people.map(({ id, name }) => ({ id: Number(id), name })),
    sessions: sessions.map(({ id, name }) => ({ id: Number(id), name })),
    folders: foldersOf(folders),
  };
}

/** From one camera to the next along the index photos_camera, however many photos each took. */
const CAMERAS_USED = sql`
  with recursive used (camera) as (
    (select camera from photos where representative_id is null and camera is not null
      order by camera limit 1)
    union all
    select (select p.camera from photos p
      where p.representative_id is null and p.camera > used.camera order by p.camera limit 1)
    from used where used.camera is not null
  )
  select camera from (select camera from used where camera is not null limit ${CAMERAS}) first
  order by lower(camera), camera`;

function foldersOf(rows: { root: string; subdirectories: string[] }[]): string[] {
  const folders = new Set<string>();
  for (const { root, subdirectories } of rows) {
    folders.add(trimmed(root));
    // A session over very many folders must not leave the others no place.
    for (const folder of subdirectories.slice(0, FOLDERS / 10)) {
      folders.add(trimmed(posix.join(root, folder)));
    }
  }
  return [...folders].slice(0, FOLDERS).sort();
}

const trimmed = (folder: string): string => folder.replace(/(.)\/+$/, "$1");
