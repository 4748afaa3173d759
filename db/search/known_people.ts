import { sql } from "drizzle-orm";
import type { Db } from "../client.ts";
import type { PhotoFilter } from "./types.ts";

/** What became of somebody. */
interface Fate {
  /** As they were last called; null: they had no name, or nothing is known of them. */
  name: string | null;
  /** Whose their faces are now; null: they are gone. */
  into: number | null;
}

/**
 * Who the people with these ids are now: themselves; whom they were merged into, however often since;
 * or null for those who were removed, never were, or went so long ago that the journal of changes has
 * forgotten it (which keeps the last thousand). An undone merge counts as none.
 */
export async function resolvePeople(
  db: Db,
  ids: number[],
): Promise<Map<number, number | null>> {
  const { now } = await follow(db, ids);
  return now;
}

/**
 * The filter by people as they are now, and what somebody has to know about it. Whoever was merged is
 * replaced by whom they became. Whoever is gone stays in the filter, and nobody is on a photo with
 * them: asked for with others nothing passes, asked for as one of several the others do. The same goes
 * for a run that is gone. No part of a filter is ever left out.
 */
export async function resolveFilter(
  db: Db,
  filter: PhotoFilter,
): Promise<{ filter: PhotoFilter; notices: string[] }> {
  const [people, session] = await Promise.all([
    resolveParts(db, filter.people),
    filter.sessionId === undefined ? null : tellSession(db, filter.sessionId),
  ]);
  return {
    filter: people ? { ...filter, people: people.now } : filter,
    notices: [...people?.notices ?? [], ...session ? [session] : []],
  };
}

async function resolveParts(db: Db, people: PhotoFilter["people"]) {
  const asked = people ? [...people.all, ...people.any, ...people.none] : [];
  if (!people || asked.length === 0) return null;
  const { now, fates } = await follow(db, asked);
  const replace = (ids: number[]) => [...new Set(ids.map((id) => now.get(id) ?? id))];
  const changed = [...new Set(asked)].filter((id) => now.get(id) !== id);
  const names = await namesOf(db, changed.flatMap((id) => now.get(id) ?? []));
  const notices = changed.map((id) => {
    const name = titled(id, fates.get(id)?.name ?? null);
    const into = now.get(id) ?? null;
    const left = people.none.includes(id) && !people.all.includes(id) && !people.any.includes(id);
    if (into !== null) {
      const whom = titled(into, names.get(into) ?? null);
      return `${name} was merged into ${whom}: photos of ${whom} are ${
        left ? "left out" : "shown"
      }`;
    }
    const gone = `${name} is not there any more`;
    if (people.all.includes(id)) return `${gone}: no photo shows them; take them out of the filter`;
    if (left) return `${gone}: no photo is left out for them`;
    return people.any.some((other) => (now.get(other) ?? null) !== null)
      ? `${gone}: photos of the others are shown`
      : `${gone}: no photo shows them; take them out of the filter`;
  });
  const { all, any, none } = people;
  return { now: { all: replace(all), any: replace(any), none: replace(none) }, notices };
}

const titled = (id: number, name: string | null): string => name ?? `Person ${id}`;

/** Goes from one to the next until it meets somebody who is there, or the end. */
async function follow(db: Db, asked: number[]) {
  const fates = new Map<number, Fate>();
  const there = new Set<number>();
  for (let open = [...new Set(asked)]; open.length > 0;) {
    for (const id of (await namesOf(db, open)).keys()) there.add(id);
    const gone = open.filter((id) => !there.has(id));
    const found = await fatesOf(db, gone);
    for (const id of gone) fates.set(id, found.get(id) ?? { name: null, into: null });
    open = [...new Set([...found.values()].flatMap(({ into }) => into ?? []))]
      .filter((id) => !fates.has(id) && !there.has(id));
  }
  const now = new Map<number, number | null>();
  for (const id of asked) {
    let at: number | null = id;
    // Who is gone is not among those who are there, so no way leads in a circle; a journal may.
    for (let steps = 0; at !== null && !there.has(at) && steps <= fates.size; steps++) {
      at = fates.get(at)?.into ?? null;
    }
    now.set(id, at !== null && there.has(at) ? at : null);
  }
  return { now, fates };
}

async function namesOf(db: Db, ids: number[]): Promise<Map<number, string | null>> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{ id: string; name: string | null }>(sql`
    select id, name from people where id = any(${sql.param([...new Set(ids)])}::bigint[])`);
  return new Map(rows.map(({ id, name }) => [Number(id), name]));
}

/**
 * The last change that holds and after which each of them was gone. Of a merge, a face that went from
 * one to the other tells into whom; one without faces left none.
 */
async function fatesOf(db: Db, ids: number[]): Promise<Map<number, Fate>> {
  if (ids.length === 0) return new Map();
  const rows = await db.execute<{ id: string; name: string | null; into: string | null }>(sql`
    select wanted.id, gone.name, merged.into
    from unnest(${sql.param(ids)}::bigint[]) wanted (id)
    cross join lateral (
      select c.id as change_id, c.kind, r.before ->> 'name' as name
      from changed_rows r join changes c on c.id = r.change_id
      where r.table_name = 'people'
        and changed_key(r.table_name, coalesce(r.before, r.after)) = wanted.id::text
        and r.after is null and c.undone_at is null
      order by c.id desc limit 1) gone
    left join lateral (
      select (r.after ->> 'person_id')::bigint as into from changed_rows r
      where gone.kind = 'merged' and r.change_id = gone.change_id and r.table_name = 'faces'
        and r.before ->> 'person_id' = wanted.id::text
        and r.after ->> 'person_id' <> wanted.id::text
      limit 1) merged on true`);
  return new Map(rows.map(({ id, name, into }) => [
    Number(id),
    { name, into: into === null ? null : Number(into) },
  ]));
}

async function tellSession(db: Db, id: number): Promise<string | null> {
  const [row] = await db.execute<{ name: string; kind: string }>(sql`
    select name, kind from sessions where id = ${id} and deleted_at is null`);
  if (!row) return `Session ${id} is not there any more: no photo is known to be of it`;
  return row.kind === "clustering"
    ? `Session ${id} (${row.name}) only grouped faces: it looked at no photo`
    : null;
}
