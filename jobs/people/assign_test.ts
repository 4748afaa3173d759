import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { clusters, people, rejections } from "../../db/schema.ts";
import * as Actions from "./actions.ts";
import { BY, faceRows, refused, some, withLibrary } from "./actions_testing.ts";

Deno.test("naming, moving and taking away: what is said is so, is told, and is so already twice", async () => {
  await withLibrary([
    ...some(4, 0, { cluster: 0 }),
    ...some(3, 1, { cluster: 1 }),
    ...some(3, 2, { person: 0 }),
    ...some(2, 3),
  ], async ({ db, faces: ids, clusters: groups, people: persons }) => {
    const group = ids.slice(0, 4), other = ids.slice(4, 7), theirs = ids.slice(7, 10);
    const loose = ids.slice(10);
    const ben = persons.get(0)!;
    const wish = { clusterId: groups.get(0)!, to: { name: "  Anna   <b> " } };
    const named = await Actions.nameCluster(db, wish, BY);
    assert.equal(named.message, 'Named 4 faces "Anna <b>"');
    assert.equal(named.faces, 4);
    for (const face of await faceRows(db, group)) {
      assert.deepEqual([face.personId, face.confirmed, face.clusterId], [
        named.personId,
        true,
        null,
      ]);
    }
    assert.deepEqual(await db.select().from(clusters).where(eq(clusters.id, wish.clusterId)), []);
    const again = await Actions.nameCluster(db, wish, BY);
    assert.deepEqual([again.changeId, again.personId], [null, named.personId]);
    assert.equal(again.message, "It was so already");
    await refused(db, () => Actions.nameCluster(db, { ...wish, to: { name: "Eve" } }, BY), {
      kind: "missing",
      message: /Cluster \d+ does not exist, since 'Named 4 faces "Anna <b>"' \(by tester\)/,
    });

    // A namesake is somebody else; the double click that made her is not.
    const twin = { faceIds: loose, to: { name: "Anna <b>" } };
    const second = await Actions.assignFaces(db, twin, BY);
    assert.notEqual(second.personId, named.personId);
    assert.equal((await Actions.assignFaces(db, twin, BY)).changeId, null);

    const moved = await Actions.moveFaces(db, {
      faceIds: theirs.slice(0, 2),
      to: { personId: named.personId! },
    }, BY);
    assert.equal(moved.message, 'Moved 2 faces from "P0" to "Anna <b>"');
    const taken = await Actions.releaseFaces(db, { faceIds: [theirs[0], other[0]] }, BY);
    assert.equal(taken.message, 'Took 1 face from "Anna <b>" away');
    assert.deepEqual(
      await db.select({ face: rejections.faceId, person: rejections.personId }).from(rejections),
      [{ face: theirs[0], person: named.personId }],
    );
    // A yes forgets the no.
    await Actions.assignFaces(db, { faceIds: [theirs[0]], to: { personId: named.personId! } }, BY);
    assert.deepEqual(await db.select().from(rejections), []);

    // What is put together by hand outlasts the groups it was made of.
    const joined = await Actions.moveFaces(db, {
      faceIds: [theirs[2]],
      to: { clusterId: groups.get(1)! },
    }, BY);
    assert.equal(joined.message, 'Moved 1 face from "P0" to a group of 3');
    for (const face of await faceRows(db, [...other, theirs[2]])) {
      assert.deepEqual([face.personId, face.confirmed], [joined.personId, true]);
    }
    // Ben has no face left, and his name stays.
    assert.deepEqual(
      await db.select({ name: people.name }).from(people).where(eq(people.id, ben)),
      [
        { name: "P0" },
      ],
    );
    const to = { personId: named.personId! };
    for (const faceIds of [[], [1.5], [-1], Array.from({ length: 5001 }, (_, i) => i + 1)]) {
      await refused(db, () => Actions.assignFaces(db, { faceIds, to }, BY), {
        kind: "invalid",
        message: /at least one|not the id|5001 faces at once/,
      });
    }
    await refused(db, () => Actions.assignFaces(db, { faceIds: [999], to }, BY), {
      kind: "missing",
      message: /Face 999 does not exist/,
    });
    await refused(
      db,
      () => Actions.assignFaces(db, { faceIds: group, to: { personId: 999 } }, BY),
      { kind: "missing", message: /Person 999 does not exist/ },
    );
    for (const name of ["x".repeat(10_000), " \t ", "a\u0007b"]) {
      await refused(db, () => Actions.assignFaces(db, { faceIds: group, to: { name } }, BY), {
        kind: "invalid",
        message: /name/i,
      });
    }
  });
});

Deno.test("the program's guess on a photo yields to somebody's word on it", async () => {
  await withLibrary([
    { look: 0, photo: 5000, person: 0, confirmed: false },
    { look: 0, photo: 5000 },
    ...some(3, 0, { person: 0 }),
  ], async ({ db, faces: [guess, right], people: persons }) => {
    await Actions.assignFaces(db, { faceIds: [right], to: { personId: persons.get(0)! } }, BY);
    const [one, two] = await faceRows(db, [guess, right]);
    assert.deepEqual([one.personId, one.similarity], [null, null]);
    assert.deepEqual([two.personId, two.confirmed], [persons.get(0), true]);
  });
});

Deno.test("what is said on an old page takes no face off somebody it was given to since", async () => {
  await withLibrary([
    ...some(4, 0, { person: 0 }),
    ...some(2, 1, { person: 1 }),
    ...some(1, 1, { person: 1, confirmed: false }),
    ...some(3, 2),
  ], async ({ db, faces: ids, people: persons }) => {
    const [anna, ben] = [...persons.values()];
    const [moved, hers] = ids;
    await Actions.assignFaces(db, { faceIds: [moved], to: { personId: ben } }, BY);
    const conflict = {
      kind: "conflict",
      message: /Face \d+ is "P1" by now, since 'Named 1 face "P1"' \(by tester\); reload/,
    } as const;
    const faceIds = [moved, hers];
    await refused(db, () => Actions.releaseFaces(db, { faceIds, personId: anna }, BY), conflict);
    await refused(db, () => Actions.splitFaces(db, { faceIds, personId: anna }, BY), {
      kind: "conflict",
      message: /Face \d+ is not "P0" any more; reload/,
    });
    for (const owner of [anna, null]) {
      await refused(
        db,
        () => Actions.assignFaces(db, { faceIds, to: { name: "Eve" }, owner }, BY),
        conflict,
      );
    }
    await refused(db, () => Actions.releaseFaces(db, { faceIds: [hers], personId: 999 }, BY), {
      kind: "missing",
      message: /Person 999 does not exist/,
    });
    // Somebody else wanted the same, or this is a double click.
    const same = { faceIds: [moved], to: { personId: ben }, owner: anna };
    assert.equal((await Actions.assignFaces(db, same, BY)).changeId, null);
    const eve = { faceIds: [ids[9]], to: { name: "Eve" }, owner: null };
    const { personId } = await Actions.assignFaces(db, eve, BY);
    const again = await Actions.assignFaces(db, eve, BY);
    assert.deepEqual([again.changeId, again.personId], [null, personId]);

    // The program's word is in nobody's way, and a no is remembered of whom it was said.
    const [guess, loose] = ids.slice(6, 8);
    const no = { faceIds: [guess, loose], personId: anna };
    const denied = await Actions.releaseFaces(db, no, BY);
    assert.equal(denied.message, 'Said that 2 faces are not "P0"');
    assert.equal((await Actions.releaseFaces(db, no, BY)).changeId, null);
    const [kept] = await faceRows(db, [guess]);
    assert.deepEqual([kept.personId, kept.confirmed], [ben, false]);
    const taken = await Actions.releaseFaces(db, { faceIds: [hers], personId: anna }, BY);
    assert.equal(taken.message, 'Took 1 face from "P0" away');
    const noes = await db.select().from(rejections).orderBy(rejections.faceId);
    assert.deepEqual(noes.map((row) => [row.faceId, row.personId]), [
      [hers, anna],
      [guess, anna],
      [loose, anna],
    ]);
    await Actions.assignFaces(
      db,
      { faceIds: [guess], to: { personId: anna }, owner: null },
      BY,
    );
    assert.equal((await faceRows(db, [guess]))[0].personId, anna);
  });
});
