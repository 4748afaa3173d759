import assert from "node:assert/strict";
import { loadGroups } from "./copy_groups.ts";
import { walkFiles, walkPhotos } from "./copy_walk.ts";
import { listDuplicates } from "./duplicate_queries.ts";
import { addLargeGroup, type Member } from "./large_groups_testing.ts";
import { testDatabase } from "./testing.ts";

const many = (count: number, member: Member = {}): Member[] => Array(count).fill(member);
const OTHER = { camera: "Canon EOS R6" };

Deno.test("groups larger than what is listed of one", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const near = await addLargeGroup(db, [...many(180), OTHER, ...many(20)]);
  const again = await addLargeGroup(db, [{}, ...many(150, OTHER), {}]);
  const last = await addLargeGroup(db, [...many(150, { gone: true }), {}, {}]);
  const files = await addLargeGroup(db, [{ files: 250 }, { files: 130 }]);
  const lost = await addLargeGroup(db, [...many(150, { gone: true }), {}]);
  const list = async (kind?: "near" | "reencode") =>
    (await listDuplicates(db, { kind, after: 0, limit: 100, lookMs: 60_000 })).groups;

  await t.step("are found by what stands behind it, which is listed then", async () => {
    const heads = [near, again, last, files].map(([head]) => head);
    assert.deepEqual((await list()).map(({ id }) => id), heads);
    const [, , lastListed] = await list();
    assert.deepEqual(lastListed.photos[0].id, last[150]);
    assert.ok(lastListed.photos.some(({ id }) => id === last[151]));
    const nears = await list("near");
    assert.deepEqual(nears.map(({ id }) => id), [near[0], again[0]]);
    assert.equal(nears[0].photos.at(-1)!.id, near[180]);
    const reencodes = await list("reencode");
    assert.deepEqual(reencodes.map(({ id }) => id), heads);
    assert.equal(reencodes[1].photos[1].id, again[151]);
    for (const group of [...nears, ...reencodes]) {
      assert.equal(group.photos.length, Math.min(100, group.id === files[0] ? 2 : 100));
      assert.equal(group.morePhotos, group.id !== files[0]);
    }
    assert.ok(!(await list()).some(({ id }) => id === lost[0]));
  });

  await t.step(
    "one of many duplicates comes first, with its files and its representative",
    async () => {
      for (const id of [near[150], near[180], near[200]]) {
        const [group] = await loadGroups(db, [near[0]], { first: id });
        assert.equal(group.photos[0].id, id);
        assert.equal(group.photos[0].likeness, "exact");
        assert.equal(group.photos[0].files.length, 1);
        assert.ok(group.photos.some((photo) => photo.id === near[0]), `${id}`);
        assert.deepEqual([group.photos.length, group.morePhotos], [100, true]);
      }
      // Groups beside it list as many as ever.
      const both = await loadGroups(db, [near[0], again[0]], { first: near[150] });
      assert.deepEqual(both.map(({ photos }) => photos.length), [100, 100]);
    },
  );

  await t.step("exactly a hundred photos and files are all listed", async () => {
    const ids = await addLargeGroup(db, [{ files: 100 }, ...many(99)]);
    const [group] = await loadGroups(db, [ids[0]]);
    assert.deepEqual(group.photos.map(({ id }) => id), ids);
    assert.equal(group.photos[0].files.length, 100);
    assert.deepEqual([group.morePhotos, group.photos[0].moreFiles], [false, false]);
  });

  await t.step(
    "a walk meets each photo once, in whatever portions, the first before all",
    async () => {
      for (const portion of [1, 7, 200, 201, 2000]) {
        const parts = await Array.fromAsync(walkPhotos(db, near[0], { portion }));
        assert.deepEqual(parts.flat().map(({ id }) => id), near, `${portion}`);
        assert.ok(parts.every((part) => part.length <= portion));
        assert.deepEqual(
          parts.flat().filter(({ likeness }) => likeness === "near").map(({ id }) => id),
          [near[180]],
        );
      }
      const [[first], rest] = await Array.fromAsync(walkPhotos(db, last[0]));
      assert.equal(first.id, last[150]);
      assert.deepEqual(rest.map(({ id, held }) => [id, held]), [
        ...last.slice(0, 150).map((id) => [id, 0]),
        [last[151], 1],
      ]);
      const alone = await Array.fromAsync(walkPhotos(db, files[0], { alone: true }));
      assert.deepEqual(alone.flat().map(({ id, held }) => [id, held]), [[files[0], 2]]);
      assert.deepEqual(await Array.fromAsync(walkPhotos(db, 987654)), []);
    },
  );

  await t.step("and each file that is there once", async () => {
    const wanted = [
      ...Array.from({ length: 250 }, (_, n) => [files[0], `/0/${n}.jpg`]),
      ...Array.from({ length: 130 }, (_, n) => [files[1], `/1/${n}.jpg`]),
    ];
    for (const portion of [1, 50, 125, 380, 2000]) {
      const parts = await Array.fromAsync(
        walkFiles(db, [files[1], last[3], files[0]], { portion }),
      );
      const found = parts.flat().map((
        { photoId, path },
      ) => [photoId, path.replace(/^\/group \d+/, "")]);
      assert.deepEqual(found.map(String).sort(), wanted.map(String).sort(), `${portion}`);
      assert.ok(parts.every((part) => part.length <= portion));
    }
    assert.deepEqual(await Array.fromAsync(walkFiles(db, [])), []);
  });

  await database.drop();
});
