import { sql } from "drizzle-orm";
import type { Db } from "./client.ts";
import { pageOf, type Part, readPage } from "./paged.ts";
import { findPeople, type PersonRow } from "./person_rows.ts";
import { IS_ASKED } from "./proposal_queries.ts";

export * from "./proposal_queries.ts";

/** A face that is likely somebody's, and waits for a yes or no. */
export interface SuggestionRow {
  faceId: number;
  photoId: number;
  personId: number;
  personName: string | null;
  /** Cosine to the person's nearest prototype. */
  similarity: number;
  /** Somebody did not want to say. */
  skipped: boolean;
}

/** Open suggestions, the best first, those that somebody skipped last; of one person, or of all. */
export async function listSuggestions(
  db: Db,
  { personId, limit, offset }: Part & { personId?: number },
): Promise<{ suggestions: SuggestionRow[]; total: number }> {
  const whose = personId === undefined ? sql`` : sql`and s.person_id = ${personId}`;
  const found = await db.execute(
    pageOf(sql`${COLUMNS} where ${IS_ASKED} ${whose}`, { order: BEST_FIRST, limit, offset }),
  );
  const { rows, total } = readPage(found, { key: "face_id", read: toSuggestion });
  return { suggestions: rows, total };
}

/** Somebody with suggestions. */
export interface ReviewedPerson {
  person: PersonRow;
  /** Suggestions that are open, skipped ones included. */
  open: number;
  best: SuggestionRow[];
}

/** The most that is seen at once of one person; the rest moves up with every answer. */
const BEST_EACH = 24;

/**
 * One page of the people for whom there are suggestions, each with the best of them: first those
 * with most that nobody has skipped yet. Three statements.
 */
export async function reviewPeople(
  db: Db,
  { limit, offset, each = BEST_EACH }: Part & { each?: number },
): Promise<{ people: ReviewedPerson[]; total: number }> {
  const matching = sql`
    select s.person_id as id, count(*)::int as open, max(s.similarity) as best,
      count(*) filter (where s.skipped_at is null) as fresh
    ${FROM} where ${IS_ASKED} group by s.person_id`;
  const order = sql`fresh desc, best desc, id`;
  const { rows: groups, total } = readPage(
    await db.execute(pageOf(matching, { order, limit, offset })),
    { key: "id", read: (row) => ({ id: Number(row.id), open: row.open as number }) },
  );
  const ids = groups.map(({ id }) => id);
  const [people, best] = await Promise.all([findPeople(db, ids), bestOfEach(db, ids, each)]);
  return {
    // Somebody deleted between the statements is left out.
    people: groups.flatMap(({ id, open }) => {
      const person = people.get(id);
      return person ? [{ person, open, best: best.get(id) ?? [] }] : [];
    }),
    total,
  };
}

async function bestOfEach(
  db: Db,
  personIds: number[],
  each: number,
): Promise<Map<number, SuggestionRow[]>> {
  if (personIds.length === 0) return new Map();
  const rows = await db.execute(sql`
    select best.* from unnest(${sql.param(personIds)}::bigint[]) as wanted (id)
    cross join lateral (${COLUMNS} where ${IS_ASKED} and s.person_id = wanted.id
      order by ${BEST_FIRST} limit ${each}) best`);
  return Map.groupBy(rows.map(toSuggestion), (row) => row.personId);
}

const FROM = sql`from suggestions s
  join faces f on f.id = s.face_id
  join people p on p.id = s.person_id`;

const COLUMNS = sql`select s.face_id, f.photo_id, s.person_id, p.name, s.similarity,
  s.skipped_at is not null as skipped ${FROM}`;

const BEST_FIRST = sql`skipped, similarity desc, face_id`;

const toSuggestion = (row: Record<string, unknown>): SuggestionRow => ({
  faceId: Number(row.face_id),
  photoId: Number(row.photo_id),
  personId: Number(row.person_id),
  personName: row.name as string | null,
  similarity: row.similarity as number,
  skipped: row.skipped as boolean,
});
