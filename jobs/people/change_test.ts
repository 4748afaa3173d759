import assert from "node:assert/strict";
import { eq, sql } from "drizzle-orm";
import type { Db } from "../../db/client.ts";
import { changedRows, changes, clusters, faces, people, suggestions } from "../../db/schema.ts";
import { testDatabase } from "../../db/testing.ts";
import { renamePerson } from "./actions.ts";
import { plant, stateOf } from "./actions_testing.ts";
import { makeChange, pruneChanges } from "./change.ts";
import { PeopleFault } from "./fault.ts";

const heading = { by: "somebody", kind: "tried", message: "Tried something" };

async function withLibrary(
  work: (db: Db, library: Awaited<ReturnType<typeof plant>>) => Promise<void>,
): Promise<void> {
  const database = await testDatabase();
  try {
    const library = await plant(database.db, [
      ...Array.from({ length: 4 }, (_, photo) => ({ look: 0, photo, cluster: 0 })),
      ...Array.from({ length: 3 }, (_, photo) => ({ look: 1, photo, person: 0 })),
    ]);
    await work(database.db, library);
  } finally {
    await database.drop();
  }
}

const rowsOf = (db: Db, changeId: number) =>
  db.select().from(changedRows).where(eq(changedRows.changeId, changeId)).orderBy(changedRows.id);

Deno.test("a change writes down each row once, as it was and as it became", async () => {
  await withLibrary(async (db, { faces: ids, clusters: groups, people: persons }) => {
    const [cluster] = groups.values(), [person] = persons.values();
    const { changeId, message } = await makeChange(db, heading, async (tx) => {
      await tx.update(faces).set({ clusterId: null, personId: person, confirmed: true })
        .where(eq(faces.id, ids[0]));
      await tx.update(faces).set({ confirmed: false, similarity: 0.5 }).where(eq(faces.id, ids[0]));
      await tx.update(people).set({ name: "Anna" });
      // Back and forth, or made and taken away: nothing that anybody would have to undo.
      await tx.update(faces).set({ notAFace: true }).where(eq(faces.id, ids[1]));
      await tx.update(faces).set({ notAFace: false }).where(eq(faces.id, ids[1]));
      const guess = { faceId: ids[2], personId: person, similarity: 0.5 };
      await tx.insert(suggestions).values(guess);
      await tx.delete(suggestions);
      await tx.update(people).set({ stale: false });
      await tx.update(faces).set({ quality: 0.1 });
      return { faces: 1, message: "Did it" };
    });
    assert.equal(message, "Did it");
    const rows = await rowsOf(db, changeId!);
    assert.deepEqual(rows.map((row) => row.tableName).sort(), ["clusters", "faces", "people"]);
    const face = rows.find((row) => row.tableName === "faces")!;
    const { photo_id: photo, ...after } = face.after!;
    assert.deepEqual(after, {
      id: ids[0],
      cluster_id: null,
      person_id: person,
      confirmed: false,
      similarity: 0.5,
      not_a_face: false,
    });
    assert.deepEqual(face.before, {
      ...after,
      photo_id: photo,
      cluster_id: cluster,
      person_id: null,
      similarity: null,
    });
    // Sizes and covers are mended in the same change.
    const [{ size, cover }] = await db.select({ size: clusters.size, cover: clusters.coverFaceId })
      .from(clusters);
    assert.deepEqual([size, cover], [3, cover]);
    assert.notEqual(cover, ids[0]);
    const group = rows.find((row) => row.tableName === "clusters")!;
    assert.deepEqual([group.before!.size, group.after!.size], [4, 3]);
    assert.equal("stale" in rows.find((row) => row.tableName === "people")!.after!, false);

    // Outside of changes nothing is written down, in this connection neither.
    await db.update(people).set({ name: "Ben" });
    assert.equal(await db.$count(changedRows), rows.length);
  });
});

Deno.test("what changes nothing is no change, and what fails leaves nothing", async () => {
  await withLibrary(async (db) => {
    const before = await stateOf(db);
    const none = await makeChange(db, heading, async (tx) => {
      await tx.update(people).set({ name: sql`name` });
      return { faces: 3 };
    });
    assert.deepEqual(none, {
      changeId: null,
      message: "It was so already",
      faces: 3,
      personId: null,
      clusterId: null,
    });
    const broken = makeChange(db, heading, async (tx) => {
      await tx.update(people).set({ name: "Anna" });
      throw new PeopleFault("conflict", "no", "no");
    });
    await assert.rejects(broken, PeopleFault);
    assert.deepEqual(await stateOf(db), before);
    assert.deepEqual([await db.$count(changes), await db.$count(changedRows)], [0, 0]);
  });
});

Deno.test("who has neither a name nor a face goes with the last of them", async () => {
  await withLibrary(async (db, { faces: ids, people: persons }) => {
    const [person] = persons.values();
    await db.update(people).set({ name: null });
    await makeChange(db, heading, async (tx) => {
      await tx.update(faces).set({ personId: null, confirmed: false })
        .where(eq(faces.personId, person));
      return { faces: ids.length };
    });
    assert.equal(await db.$count(people), 0);
  });
});

Deno.test("only the last thousand changes are kept", async () => {
  await withLibrary(async (db, { people: persons }) => {
    const [personId] = persons.values();
    assert.equal(await pruneChanges(db), 0);
    await db.execute(sql`
      with made as (
        insert into changes (by, kind, message) select 'x', 'y', 'z' from generate_series(1, 1049)
        returning id
      ) insert into changed_rows (change_id, table_name) select id, 'people' from made`);
    const { changeId } = await renamePerson(db, { personId, name: "Anna" }, "somebody");
    assert.equal(await pruneChanges(db), 50);
    assert.equal(await pruneChanges(db), 0);
    const [row] = await db.execute(sql`
      select count(*)::int as left, min(id)::int as first, max(id)::int as last,
        (select count(*)::int from changed_rows) as rows from changes`);
    assert.deepEqual({ ...row }, { left: 1000, first: 51, last: changeId, rows: 1000 });
  });
});
