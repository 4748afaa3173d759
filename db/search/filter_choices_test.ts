import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { insertPerson, insertPhoto, showModel } from "../people_testing.ts";
import { testDatabase } from "../testing.ts";
import { filterChoices } from "./filter_choices.ts";

Deno.test("what there is to choose from", async () => {
  const database = await testDatabase();
  const { db } = database;
  const nothing = { cameras: [], formats: [], people: [], sessions: [], folders: [] };
  assert.deepEqual(await filterChoices(db), nothing);
  await showModel(db);
  for (const camera of ["Pixel 8", "canon", "Pixel 8", "Canon", null, "Zeiss"]) {
    const id = await insertPhoto(db);
    const format = camera === null ? "png" : "jpeg";
    await db.execute(
      sql`update photos set camera = ${camera}, format = ${format} where id = ${id}`,
    );
  }
  const head = await insertPhoto(db);
  const copy = await insertPhoto(db, { representativeId: head });
  await db.execute(sql`update photos set camera = 'of a duplicate' where id = ${copy}`);
  const ann = await insertPerson(db, { name: "Ann", count: 1 });
  const bob = await insertPerson(db, { name: "bob", count: 3 });
  const al = await insertPerson(db, { name: "al", count: 1 });
  await insertPerson(db, { name: null, count: 2 });
  await insertPerson(db, { name: "Stranger", count: 2, hidden: true });
  await db.execute(
    sql`insert into sessions (name, root_path, subdirectories, kind, created_at, deleted_at)
    values ('old', '/photos', '["2019", "2020/x"]', 'folders', '2020-01-01', null),
      ('new', '/photos/', '["."]', 'folders', '2021-01-01', null),
      ('faces', '', '[]', 'faces', '2022-01-01', null),
      ('root', '/', '["a"]', 'folders', '2019-01-01', null),
      ('grouping', '', '[]', 'clustering', '2022-01-01', null),
      ('deleted', '/gone', '["x"]', 'folders', '2022-01-01', now())`,
  );
  const choices = await filterChoices(db);
  assert.deepEqual(choices.cameras, ["Canon", "canon", "Pixel 8", "Zeiss"]);
  assert.deepEqual(choices.formats, ["jpeg", "png"]);
  assert.deepEqual(choices.people, [
    { id: bob.id, name: "bob" },
    { id: al.id, name: "al" },
    { id: ann.id, name: "Ann" },
  ]);
  assert.deepEqual(choices.sessions.map(({ name }) => name), ["faces", "new", "old", "root"]);
  assert.deepEqual(choices.folders, ["/", "/a", "/photos", "/photos/2019", "/photos/2020/x"]);
  await database.drop();
});
