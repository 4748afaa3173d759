import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { mergePeople } from "../../jobs/people/merge_people.ts";
import { deletePerson } from "../../jobs/people/person_rows.ts";
import { undoChange } from "../../jobs/people/undo.ts";
import { insertPerson, showModel } from "../people_testing.ts";
import { testDatabase } from "../testing.ts";
import { resolveFilter, resolvePeople } from "./known_people.ts";

const database = await testDatabase();
const { db } = database;
await showModel(db);

const merge = async (from: number, into: number) =>
  (await mergePeople(db, { from, into }, "test")).changeId!;

const remove = (personId: number) => deletePerson(db, { personId }, "test");

const somebody = async (name: string | null) => (await insertPerson(db, { name, count: 2 })).id;

Deno.test("who was merged is whom they became, who is gone is nobody", async () => {
  const [ann, anna, anne, bob] = await Promise.all(["Ann", "Anna", "Anne", "Bob"].map(somebody));
  await merge(ann, anna);
  assert.deepEqual(await resolvePeople(db, [ann, anna]), new Map([[ann, anna], [anna, anna]]));
  await merge(anna, anne);
  assert.deepEqual(await resolvePeople(db, [ann, anna]), new Map([[ann, anne], [anna, anne]]));
  await remove(bob);
  assert.deepEqual(
    await resolvePeople(db, [bob, 999_999]),
    new Map([[bob, null], [999_999, null]]),
  );
  await remove(anne);
  const gone = await resolvePeople(db, [ann, anna, anne]);
  assert.deepEqual([...gone.values()], [null, null, null]);
  assert.deepEqual(await resolvePeople(db, []), new Map());
});

Deno.test("an undone merge counts as none", async () => {
  const [from, into] = [await somebody("From"), await somebody("Into")];
  const merged = await merge(from, into);
  assert.equal((await resolvePeople(db, [from])).get(from), into);
  await undoChange(db, { changeId: merged }, "test");
  assert.equal((await resolvePeople(db, [from])).get(from), from);
  await remove(from);
  assert.equal((await resolvePeople(db, [from])).get(from), null);
});

Deno.test("of somebody whom the journal has forgotten nothing is guessed", async () => {
  const [from, into] = [await somebody("From"), await somebody("Into")];
  await merge(from, into);
  await db.execute(sql`delete from changes`);
  assert.deepEqual(await resolveFilter(db, { people: { all: [from], any: [], none: [] } }), {
    filter: { people: { all: [from], any: [], none: [] } },
    notices: [
      `Person ${from} is not there any more: no photo shows them; take them out of the filter`,
    ],
  });
});

Deno.test("a filter follows people, keeps all its parts and says what became of them", async () => {
  const [ann, anna, bob, carl] = await Promise.all(["Ann", "Anna", "Bob", "Carl"].map(somebody));
  const unnamed = await somebody(null);
  await merge(ann, anna);
  await remove(bob);
  await merge(unnamed, carl);
  const resolved = (people: { all?: number[]; any?: number[]; none?: number[] }) =>
    resolveFilter(db, { folder: "/a", people: { all: [], any: [], none: [], ...people } });
  const cases: [Parameters<typeof resolved>[0], object, string[]][] = [
    [{ all: [ann, anna] }, { all: [anna] }, ["Ann was merged into Anna: photos of Anna are shown"]],
    [{ none: [ann] }, { none: [anna] }, ["Ann was merged into Anna: photos of Anna are left out"]],
    [{ any: [unnamed] }, { any: [carl] }, [
      `Person ${unnamed} was merged into Carl: photos of Carl are shown`,
    ]],
    [{ all: [bob, anna] }, { all: [bob, anna] }, [
      "Bob is not there any more: no photo shows them; take them out of the filter",
    ]],
    [{ any: [bob, ann] }, { any: [bob, anna] }, [
      "Bob is not there any more: photos of the others are shown",
      "Ann was merged into Anna: photos of Anna are shown",
    ]],
    [{ any: [bob] }, { any: [bob] }, [
      "Bob is not there any more: no photo shows them; take them out of the filter",
    ]],
    [{ none: [bob] }, { none: [bob] }, [
      "Bob is not there any more: no photo is left out for them",
    ]],
    [{ all: [carl] }, { all: [carl] }, []],
  ];
  for (const [people, expected, notices] of cases) {
    assert.deepEqual(await resolved(people), {
      filter: { folder: "/a", people: { all: [], any: [], none: [], ...expected } },
      notices,
    });
  }
});

Deno.test("a run that is gone, and one that looks at no photo, are told", async () => {
  const [{ id }] = await db.execute<{ id: string }>(sql`
    insert into sessions (name, root_path, subdirectories, kind)
    values ('Again', '', '[]', 'clustering') returning id`);
  const notices = async (sessionId: number) => (await resolveFilter(db, { sessionId })).notices;
  assert.deepEqual(await notices(Number(id)), [
    `Session ${id} (Again) only grouped faces: it looked at no photo`,
  ]);
  assert.deepEqual(await notices(999), [
    "Session 999 is not there any more: no photo is known to be of it",
  ]);
  await db.execute(sql`update sessions set kind = 'folders' where id = ${id}`);
  assert.deepEqual(await notices(Number(id)), []);
  assert.deepEqual(await resolveFilter(db, {}), { filter: {}, notices: [] });
});

Deno.test({ name: "the database goes", fn: () => database.drop() });
