import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import type { Db } from "../../db/client.ts";
import { testDatabase } from "../../db/testing.ts";
import { learnt, MODEL, plant, stateOf } from "./actions_testing.ts";
import { PeopleFault, undoChange } from "./actions.ts";
import {
  ACTION_NAMES,
  fulfil,
  letWork,
  type Machine,
  machine,
  type Wish,
  wish,
} from "./random_actions_testing.ts";

const BY = "somebody";

/** People, groups, loose faces, and some of every kind of question and memory. */
async function library(db: Db, seed: number): Promise<void> {
  await db.execute(sql`
    truncate photos, people, clusters, changes, face_models, settings restart identity cascade`);
  let number = seed % 1000;
  // Neighbours are on different photos, but several share each.
  const faces = (count: number, look: number, rest: object) =>
    Array.from({ length: count }, () => ({ look, photo: number++ % 17, ...rest }));
  const { faces: ids, people } = await plant(db, [
    ...faces(4, 0, { person: 0 }),
    ...faces(2, 0, { person: 0, confirmed: false }),
    ...faces(3, 1, { person: 1 }),
    ...faces(3, 2, { person: 2 }),
    ...faces(2, 2, { person: 2, confirmed: false }),
    ...faces(5, 3, { cluster: 0 }),
    ...faces(4, 4, { cluster: 1 }),
    ...faces(3, 0, { cluster: 2 }),
    ...faces(3, 0, {}),
    ...faces(3, 1, {}),
  ], { seed, named: (person) => person !== 2 });
  const [anna, ben, nobody] = [...people.values()];
  const loose = ids.slice(-6);
  // Two faces of one photo are asked about.
  await db.execute(sql`
    update faces set photo_id = (select photo_id from faces where id = ${loose[0]})
    where id = ${loose[1]}`);
  await db.execute(sql`
    insert into suggestions (face_id, person_id, similarity)
    values (${loose[0]}, ${anna}, 0.6), (${loose[1]}, ${anna}, 0.55), (${loose[3]}, ${ben}, 0.7)`);
  await db.execute(sql`
    insert into rejections (face_id, person_id)
    values (${loose[2]}, ${anna}), (${loose[4]}, ${ben}), (${ids[6]}, ${anna})`);
  await db.execute(sql`
    insert into splits (split_id, face_id, side)
    values (1, ${loose[4]}, 0), (1, ${loose[5]}, 1)`);
  await db.execute(sql`update people set hidden = true where id = ${nobody}`);
  // Splits made by changes are numbered as these are.
  await db.execute(sql`select setval(pg_get_serial_sequence('changes', 'id'), 100)`);
  const list = (faces: number[]) => sql`${sql.param(faces)}::bigint[]`;
  await db.execute(sql`
    insert into proposals (clustering_id, model, kind, person_id, to_person_id, face_ids, similarity)
    values (1, ${MODEL}, 'joined', ${anna}, null, ${list(ids.slice(23, 26))}, 0.6),
      (1, ${MODEL}, 'split', ${anna}, null, ${list(ids.slice(4, 6))}, 0.6),
      (1, ${MODEL}, 'moved', ${nobody}, ${ben}, ${list(ids.slice(12, 14))}, 0.6)`);
}

interface Done {
  id: number;
  wish: Wish;
  before: Said;
  after: Said;
  /** Who was on which photo twice before it. */
  twice: Set<string>;
}

/** What people have said, by row. */
type Said = Map<string, string>;

async function saidIn(db: Db): Promise<Said> {
  const rows = await db.execute<{ key: string; value: string }>(sql`
    select 'face ' || id as key, concat_ws(' ', case when confirmed then person_id end, not_a_face)
      as value from faces
    union all select 'name ' || id, coalesce(name, '-') from people
    union all select 'hidden ' || id, hidden::text from people
    union all select concat_ws(' ', 'no', face_id, person_id), 'no' from rejections
    union all select concat_ws(' ', 'split', split_id, face_id), side::text from splits`);
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/** What must hold whatever was done. */
async function holds(db: Db): Promise<void> {
  const wrong = await db.execute<{ what: string; id: string }>(sql`
    select 'in a cluster and with a person' as what, id from faces
      where person_id is not null and cluster_id is not null
    union all select 'confirmed as nobody', id from faces where confirmed and person_id is null
    union all select 'no face, and somebody', id from faces
      where not_a_face and (person_id is not null or cluster_id is not null or confirmed)
    union all select 'similar to nobody', id from faces
      where similarity is not null and (person_id is null or confirmed)
    union all select 'cluster of another size', id from clusters c
      where size = 0 or size <> (select count(*) from faces f where f.cluster_id = c.id)
        or not exists (select from faces f where f.id = c.cover_face_id and f.cluster_id = c.id)
    union all select 'suggested though somebody', face_id from suggestions s
      join faces f on f.id = s.face_id where f.person_id is not null or f.not_a_face
    union all select 'somebody they were said not to be', f.id from faces f
      join rejections r on r.face_id = f.id and r.person_id = f.person_id`);
  assert.deepEqual([...wrong], []);
}

/** People with two confirmed faces on one photo, as in a mirror. */
async function readTwice(db: Db): Promise<Set<string>> {
  const rows = await db.execute<{ key: string }>(sql`
    select concat_ws(' on ', person_id, photo_id) as key from faces where confirmed
    group by person_id, photo_id having count(*) > 1`);
  return new Set(rows.map(({ key }) => key));
}

/** Only who says it of faces puts somebody on a photo twice: neither an answer does, nor undoing. */
async function holdsOnce(db: Db, allowed: Set<string>[]): Promise<void> {
  for (const key of await readTwice(db)) {
    assert(allowed.some((twice) => twice.has(key)), `person ${key} twice`);
  }
}

/** Does it, and checks that no confirmed face moved that it is not about. Null: nothing changed. */
async function act(db: Db, wish: Wish): Promise<Done | null> {
  const before = await saidIn(db);
  const state = await stateOf(db);
  const twice = await readTwice(db);
  let id: number | null;
  let about: number[];
  try {
    const { faces, change } = await fulfil(db, wish);
    [id, about] = [change.changeId, faces];
  } catch (error) {
    if (!(error instanceof PeopleFault)) throw error;
    [id, about] = [null, []];
  }
  if (id === null) assert.deepEqual(await stateOf(db), state, "changed, though nothing was done");
  await holds(db);
  if (wish.action.startsWith("answer")) await holdsOnce(db, [twice]);
  const after = await saidIn(db);
  const own = new Set(about.map((face) => `face ${face}`));
  for (const [key, value] of before) {
    if (!key.startsWith("face ") || own.has(key) || after.get(key) === value) continue;
    assert(!/^\d/.test(value), `${key} was ${value}, is ${after.get(key)} after ${wish.action}`);
  }
  return id === null ? null : { id, wish, before, after, twice };
}

/** Each action once where it is sure to change something, so that none is left to chance. */
const wished = (action: Wish["action"], faces = [0]): Wish => (
  { action, faces, one: 0, other: 1, whose: 1, answer: "yes", as: "stranger" }
);
const EXAMPLES: [number, Wish[]][] = [
  ...ACTION_NAMES.map((action): [number, Wish[]] => [1, [wished(action)]]),
  [1, [wished("answerSuggestions", [0, 1])]],
];

/** Undone in this order, the first of them would put somebody on a photo twice. */
const SWAPPED = [wished("releaseFaces"), wished("assignBeside")];
const inOrder = () => fc.stream([0, 0, 0].values());

Deno.test("after any sequence of actions, undoing them backwards restores the exact state", async () => {
  const database = await testDatabase();
  const { db } = database;
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(wish, { minLength: 6, maxLength: 12 }),
      async (seed, all) => {
        await library(db, seed);
        const states = [await stateOf(db)];
        const known = await learnt(db);
        const done: Done[] = [];
        for (const wish of all) {
          const change = await act(db, wish);
          if (!change) continue;
          done.push(change);
          states.push(await stateOf(db));
          seen.set(wish.action, (seen.get(wish.action) ?? 0) + 1);
        }
        for (const { id, wish } of done.toReversed()) {
          states.pop();
          // Every other one without saying which: it is the last.
          const undone = await undoChange(db, id % 2 === 0 ? {} : { changeId: id }, BY);
          assert.equal(undone.changeId, id);
          assert.deepEqual(await stateOf(db), states.at(-1), `after undoing ${wish.action}`);
          await holds(db);
        }
        assert.deepEqual(await learnt(db), known);
      },
    ),
    { numRuns: EXAMPLES.length + 20, examples: EXAMPLES, endOnFailure: true },
  );
  for (const action of ACTION_NAMES) assert(seen.has(action), `${action} never changed anything`);
  await database.drop();
});

Deno.test("undone in any order, with the program at work in between, nothing said is mixed up", async () => {
  const database = await testDatabase();
  const { db } = database;
  const seen = { undone: 0, refused: 0, machine: 0 };
  const step = fc.oneof({ weight: 3, arbitrary: wish }, { weight: 1, arbitrary: machine });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.array(step, { minLength: 6, maxLength: 14 }),
      fc.infiniteStream(fc.nat({ max: 1000 })),
      async (seed, steps, order) => {
        await library(db, seed);
        const first = await saidIn(db);
        let left: Done[] = [];
        const work = async (step: Machine) => {
          const said = await saidIn(db);
          await letWork(db, step);
          seen.machine++;
          const now = await saidIn(db);
          for (const [key, value] of now) assert.equal(value, said.get(key), key);
          await holds(db);
        };
        for (const step of steps) {
          if ("machine" in step) await work(step);
          else {
            const change = await act(db, step);
            if (change) left.push(change);
          }
        }
        while (left.length > 0) {
          const any = order.next().value % left.length;
          // The last one can always be undone.
          for (const one of [left[any], left.at(-1)!]) {
            const state = await stateOf(db);
            const twice = await readTwice(db);
            try {
              await undoChange(db, { changeId: one.id }, BY);
            } catch (error) {
              assert(error instanceof PeopleFault && error.kind === "conflict", String(error));
              assert.deepEqual(await stateOf(db), state);
              assert.notEqual(one, left.at(-1), `the last change is refused: ${error.message}`);
              seen.refused++;
              continue;
            }
            seen.undone++;
            await holds(db);
            await holdsOnce(db, [twice, one.twice]);
            await restored(db, one);
            left = left.filter((other) => other !== one);
            break;
          }
        }
        const last = await saidIn(db);
        const there = (key: string) => !key.startsWith("face ") || last.has(key);
        for (const [key, value] of first) {
          // What the program lost meanwhile, such as a face, took its noes and splits along.
          if (last.has(key) || key.startsWith("name ")) assert.equal(last.get(key), value, key);
          else assert(!there(key) || /^(no|split|hidden)/.test(key), `${key} is gone`);
        }
        for (const key of last.keys()) assert(first.has(key), `${key} is left over`);
      },
    ),
    { numRuns: 26, endOnFailure: true, examples: [[1, SWAPPED, inOrder()]] },
  );
  assert(seen.undone > 60 && seen.refused > 3 && seen.machine > 15, JSON.stringify(seen));
  await database.drop();
});

/** What the change said is unsaid: rows that it changed are as they were, as far as they are there. */
async function restored(db: Db, { id, wish, before, after }: Done): Promise<void> {
  const now = await saidIn(db);
  const faces = new Set([...now.keys()].filter((key) => key.startsWith("face ")));
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(key) === after.get(key)) continue;
    const [kind, ...ids] = key.split(" ");
    const face = kind === "face" || kind === "no" ? ids[0] : kind === "split" ? ids[1] : null;
    if (before.has(key) && face !== null && !faces.has(`face ${face}`)) continue;
    assert.equal(now.get(key), before.get(key), `${key} after undoing ${id}, ${wish.action}`);
  }
}
