import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import { insertFace, insertPhoto, MODEL, showModel } from "../../db/people_testing.ts";
import { testDatabase } from "../../db/testing.ts";
import { assignFaces, nameCluster, undoChange } from "./actions.ts";
import { seeded } from "./actions_testing.ts";
import { clustersOf, groupAs } from "./grouping_testing.ts";

const LOOKS = 8, GROUPINGS = 50;

interface Row {
  id: number;
  person: number | null;
  confirmed: boolean;
  cluster: number | null;
}

async function rowsOf(db: Db): Promise<Row[]> {
  const rows = await db.execute<
    { id: string; person: string | null; confirmed: boolean; cluster: string | null }
  >(sql`
    select id, person_id as person, confirmed, cluster_id as cluster from faces
    where model = ${MODEL} order by id`);
  const number = (id: string | null) => id === null ? null : Number(id);
  return rows.map(({ id, person, confirmed, cluster }) => ({
    id: Number(id),
    person: number(person),
    confirmed,
    cluster: number(cluster),
  }));
}

/** Whatever happens: sizes and covers are true, and no face is somebody's and in a cluster. */
async function holds(db: Db): Promise<void> {
  for (const { size, cover, faces } of await clustersOf(db)) {
    assert.equal(size, faces.length);
    assert.ok(faces.includes(cover));
  }
  const wrong = await db.execute(sql`
    select id from faces where cluster_id is not null and (person_id is not null or not_a_face)`);
  assert.deepEqual([...wrong], []);
}

/** A grouping that knows the looks but for some mistakes: it mixes, splits and leaves out at will. */
function mistaken(faces: { id: number; look: number }[], random: () => number): number[][] {
  const groups = new Map<number, number[]>();
  for (const { id, look } of faces) {
    const chance = random();
    if (chance < 0.1) continue;
    const label = chance < 0.2
      ? Math.floor(random() * LOOKS * 2)
      : look + (random() < 0.15 ? LOOKS : 0);
    groups.set(label, [...groups.get(label) ?? [], id]);
  }
  return [...groups.values()].filter((group) => group.length >= 2);
}

Deno.test("names survive fifty groupings, however mistaken, with faces coming and going", async () => {
  for (const seed of [1, 2]) {
    const database = await testDatabase();
    const { db } = database;
    await showModel(db);
    const random = seeded(seed);
    const pick = <T>(all: T[]) => all[Math.floor(random() * all.length)];
    const looks = new Map<number, number>();
    const add = async (count: number) => {
      for (let n = 0; n < count; n++) {
        const look = Math.floor(random() * LOOKS);
        looks.set(await insertFace(db, { like: look }), look);
      }
    };
    /** What somebody said, and has to hold: face to person. */
    const said = new Map<number, number>();
    const names = new Map<number, string>();
    await add(60);
    let questions = 0, named = 0;
    for (let n = 0; n < GROUPINGS; n++) {
      await groupAs(db, mistaken([...looks].map(([id, look]) => ({ id, look })), random));
      await holds(db);
      const rows = await rowsOf(db);
      for (const { id, person, confirmed } of rows) {
        if (said.has(id)) assert.deepEqual([person, confirmed], [said.get(id), true], `face ${id}`);
        else assert.ok(!confirmed, `nobody said anything about face ${id}`);
      }
      const stored = await db.execute<{ id: string; name: string }>(
        sql`select id, name from people`,
      );
      assert.deepEqual(new Map(stored.map(({ id, name }) => [Number(id), name])), names);
      const [{ open }] = await db.execute<{ open: number }>(sql`
        select count(*)::int as open from proposals where answer is null`);
      questions += open;

      // Somebody names a cluster, or some faces, now and then.
      const clusters = await clustersOf(db);
      if (n % 5 === 1 && clusters.length > 0) {
        const { id, faces } = pick(clusters);
        const { personId } = await nameCluster(
          db,
          { clusterId: id, to: { name: `N${n}` } },
          "test",
        );
        for (const face of faces) said.set(face, personId!);
        names.set(personId!, `N${n}`);
        named += faces.length;
      } else if (n % 5 === 3 && names.size > 0) {
        const personId = pick([...names.keys()]);
        const faceId = pick(rows.filter(({ confirmed }) => !confirmed)).id;
        await assignFaces(db, { faceIds: [faceId], to: { personId } }, "test");
        said.set(faceId, personId);
      }
      // Faces come with an import and go with deleted photos.
      await add(Math.floor(random() * 4));
      for (const id of [...looks.keys()].filter(() => random() < 0.02)) {
        await db.execute(sql`delete from faces where id = ${id}`);
        looks.delete(id);
        said.delete(id);
      }
      await db.execute(sql`
        update clusters c set size = (select count(*) from faces f where f.cluster_id = c.id),
          cover_face_id = (select min(f.id) from faces f where f.cluster_id = c.id)`);
      await db.execute(sql`delete from clusters where size = 0`);
    }
    assert.ok(questions > 0 && named > 10, "something was asked and named");
    await database.drop();
  }
});

Deno.test("undoing the last grouping brings back what was before, after whatever was before", async () => {
  const database = await testDatabase();
  const { db } = database;
  await showModel(db);
  const random = seeded(3);
  const photoId = await insertPhoto(db);
  const faces: { id: number; look: number }[] = [];
  for (let n = 0; n < 50; n++) {
    const look = n % LOOKS;
    // Two of every ten share a photo.
    faces.push({
      id: await insertFace(db, { like: look, ...(n % 5 === 0 ? { photoId } : {}) }),
      look,
    });
  }
  await groupAs(db, mistaken(faces, random));
  let undone = 0;
  for (let n = 0; n < 12; n++) {
    const [{ id, size }] = await db.execute<{ id: string; size: number }>(sql`
      select id, size from clusters order by size desc limit 1`);
    if (n % 3 === 0 && size > 2) {
      await nameCluster(db, { clusterId: Number(id), to: { name: `N${n}` } }, "test");
    }
    const before = [await rowsOf(db), await clustersOf(db)];
    await groupAs(db, mistaken(faces, random));
    const [last] = await db.execute<{ id: string; kind: string }>(sql`
      select id, kind from changes where undone_at is null order by id desc limit 1`);
    if (last?.kind !== "grouped") continue;
    const after = [await rowsOf(db), await clustersOf(db)];
    await undoChange(db, { changeId: Number(last.id) }, "test");
    assert.deepEqual([await rowsOf(db), await clustersOf(db)], before);
    undone++;
    if (n % 2 === 0) await groupAs(db, mistaken(faces, random));
    assert.notDeepEqual(after, before);
  }
  assert.ok(undone > 8);
  await database.drop();
});
