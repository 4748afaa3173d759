import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { insertPhoto } from "../people_testing.ts";
import { files } from "../schema.ts";
import { testDatabase } from "../testing.ts";
import { filterSelect } from "./filter_select.ts";
import { FOLDERS } from "./random_library_testing.ts";

Deno.test("a folder holds what lies in it and below, whatever its name and its neighbours'", async () => {
  const database = await testDatabase();
  const { db } = database;
  const folderOf = new Map<number, string>();
  for (const folder of FOLDERS) {
    const photoId = await insertPhoto(db);
    const path = `${folder === "/" ? "" : folder}/x.jpg`;
    await db.insert(files).values({ path, size: 1, mtimeMs: 1, photoId });
    folderOf.set(photoId, folder);
  }
  const found = async (folder: string) => {
    const rows = await db.execute<{ id: string }>(filterSelect({ folder }));
    return rows.map(({ id }) => folderOf.get(Number(id))!).sort();
  };
  const below: Record<string, string[]> = {
    "/": FOLDERS,
    "/a/b": ["/a/b", "/a/b/c", "/a/b/c/d/e/f"],
    "/a/b/": ["/a/b", "/a/b/c", "/a/b/c/d/e/f"],
    "/a/b\nc": ["/a/b\nc", "/a/b\nc/d"],
    "/a/b/c": ["/a/b/c", "/a/b/c/d/e/f"],
    "/a/b/c/x.jpg": [],
    "/b": [],
    "a": [],
    "%": [],
  };
  for (
    const name of ["/a/bc", "/a/b%", "/a/b_", "/a/b\\", "/a/b0", "/a/b.", "/A/B", "/ä", "/a/🙂"]
  ) {
    below[name] = [name];
  }
  for (const [folder, expected] of Object.entries(below)) {
    assert.deepEqual(await found(folder), [...expected].sort(), JSON.stringify(folder));
  }
  await database.drop();
});

Deno.test("each part is found along an index, in a library too large to be looked through", async () => {
  const database = await testDatabase();
  const { db } = database;
  await db.execute(sql`
    insert into photos (sha256, byte_size, width, height, format, taken_at, camera, dhash, flat,
      first_mtime_ms, first_path, preview_width, preview_height)
    select n::text, 1, 4, 3, 'jpeg', to_char(timestamp '2000-01-01' + n * interval '1 hour',
      'YYYY-MM-DD"T"HH24:MI:SS'), 'Camera ' || n / 100, n::text, false, 1, '/p/' || n, 1, 1
    from generate_series(1, 20000) n`);
  await db.execute(sql`
    insert into files (path, size, mtime_ms, photo_id)
    select '/p/' || id / 100 || '/' || id, 1, 1, id from photos`);
  await db.execute(sql`insert into people (name) select n::text from generate_series(1, 200) n`);
  await db.execute(sql`
    insert into faces (photo_id, model, box, landmarks, score, quality, embedding, person_id)
    select p.id, 'm', '{}', '{}', 1, 1, '', 1 + p.id % 200 from photos p`);
  await db.execute(sql`insert into sessions (name, root_path, subdirectories, kind)
    select n::text, '/p', '[]', 'folders' from generate_series(1, 200) n`);
  await db.execute(sql`insert into jobs (session_id, phase, subject, state)
    select 1 + id / 100 % 200, 'training', id, 'done' from files`);
  await db.execute(sql.raw("analyze"));
  const none = { all: [], any: [], none: [] };
  const day = { from: "2001-01-01T00:00:00", to: "2001-01-02T00:00:00" };
  const filters = [
    { people: { ...none, all: [5] } },
    { people: { ...none, any: [5, 6] } },
    { folder: "/p/17" },
    { taken: day },
    { taken: day, faces: { min: 2, max: null } },
    { cameras: ["Camera 17"] },
  ];
  for (const filter of filters) {
    const plan = await db.execute(sql`explain ${filterSelect(filter)}`);
    const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
    assert.doesNotMatch(
      text,
      /Seq Scan on (photos|files|jobs|faces f)/,
      JSON.stringify(filter) + text,
    );
  }
  await database.drop();
});

Deno.test("what a filter says goes to the server beside the statement, not in it", () => {
  const evil = "'; drop table photos; --";
  const { sql: text, params } = new PgDialect({ casing: "snake_case" }).sqlToQuery(
    filterSelect({
      folder: evil,
      cameras: [evil],
      formats: [evil],
      taken: { from: evil, to: evil },
    }),
  );
  assert(!text.includes("drop"), text);
  assert.deepEqual(params, [`${evil}/`, `${evil}0`, evil, evil, [evil], [evil]]);
});
