import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { insertFace, insertPerson, insertPhoto, showModel } from "../people_testing.ts";
import { files } from "../schema.ts";
import { testDatabase } from "../testing.ts";
import { countFacets } from "./facets.ts";
import { filterSelect } from "./filter_select.ts";

Deno.test("values are labelled for a person, the commonest first, strangers left out", async () => {
  const database = await testDatabase();
  const { db } = database;
  await showModel(db);
  const ids: number[] = [];
  for (let n = 0; n < 20; n++) {
    const id = await insertPhoto(db, { takenAt: `${2000 + Math.min(n, 15)}-05-01T00:00:00` });
    const path = `/photos/${n < 12 ? "trips" : "home"}/${n}/x.jpg`;
    await db.insert(files).values({ path, size: 1, mtimeMs: 1, photoId: id });
    ids.push(id);
  }
  const ann = await insertPerson(db, { name: "Ann" });
  const stranger = await insertPerson(db, { name: "Stranger", hidden: true });
  for (const personId of [ann.id, ann.id, stranger.id, null]) {
    await insertFace(db, { photoId: ids[0], personId });
  }
  await insertFace(db, { photoId: ids[1], personId: ann.id });
  await db.execute(sql`update photos set rating = -1 where id = ${ids[0]}`);
  await db.execute(sql`update photos set rating = 5 where id = ${ids[1]}`);
  const facets = await countFacets(db, filterSelect({}));
  assert.deepEqual(facets.people, [{ value: String(ann.id), label: "Ann", photos: 2 }]);
  assert.deepEqual(facets.faces, [
    { value: "0", label: "no faces", photos: 18 },
    { value: "1", label: "1 face", photos: 1 },
    { value: "3+", label: "3 or more faces", photos: 1 },
  ]);
  assert.deepEqual(facets.ratings, [
    { value: "0", label: "no stars", photos: 18 },
    { value: "-1", label: "rejected", photos: 1 },
    { value: "5", label: "5 stars", photos: 1 },
  ]);
  assert.equal(facets.years.length, 12);
  assert.deepEqual(facets.years[0], { value: "2015", label: "2015", photos: 5 });
  assert.deepEqual(facets.folders.map(({ value, photos }) => [value, photos]), [
    ["/photos/trips", 12],
    ["/photos/home", 8],
  ]);
  // One step down from what they have in common; a folder alone leads nowhere.
  const below = await countFacets(db, filterSelect({ folder: "/photos/home" }));
  assert.equal(below.folders[0].value, "/photos/home/12");
  const one = await countFacets(db, filterSelect({ folder: "/photos/home/12" }));
  assert.deepEqual([one.counted, one.folders], [1, []]);
  const few = await countFacets(db, filterSelect({}), { atMost: 7 });
  assert.deepEqual([few.counted, few.more], [7, true]);
  const all = await countFacets(db, filterSelect({}), { atMost: 20 });
  assert.deepEqual([all.counted, all.more], [20, false]);
  assert.equal(few.formats[0].photos, 7);
  const none = await countFacets(db, sql`select 1 where false`);
  assert.equal(none.counted, 0);
  assert.deepEqual(Object.values(none).flat(), [0, false]);
  await database.drop();
});
