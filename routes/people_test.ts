import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { insertFace, insertPerson, insertPhoto, showModel } from "../db/people_testing.ts";
import { Change, Names, People, PersonDetail, PersonFaces } from "./api_schemas.ts";
import { testApp } from "./testing.ts";

Deno.test("the API of people", async (t) => {
  const test = await testApp();
  const { db } = test;
  await showModel(db);
  const list = async (query = "") => People.parse((await test.get(`/people${query}`)).body);
  const detail = async (id: number) => PersonDetail.parse((await test.get(`/people/${id}`)).body);

  await t.step("an empty library has nobody", async () => {
    assert.deepEqual(await list(), { items: [], total: 0, limit: 20, offset: 0 });
    assert.deepEqual((await test.get("/people/names?prefix=a")).body, { items: [] });
  });

  await t.step("a person out of faces, renamed, covered, hidden, shown and deleted", async () => {
    const faceIds = [await insertFace(db), await insertFace(db)];
    const made = await test.post("/people", { name: "  Ada \t <b>Lovelace</b> ", faceIds });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { personId, faces, changeId } = Change.parse(made.body);
    const id = personId!;
    assert.deepEqual([faces, made.response.headers.get("location")], [2, `/api/v1/people/${id}`]);
    assert.ok(changeId);
    const ada = await detail(id);
    assert.deepEqual([ada.name, ada.photos, ada.confirmed], ["Ada <b>Lovelace</b>", 2, 2]);
    assert.equal(ada.coverUrl, `/api/v1/faces/${ada.coverFaceId}/crop`);

    const renamed = await test.patch(`/people/${id}`, { name: "Ada" });
    assert.deepEqual([renamed.status, Change.parse(renamed.body).personId], [200, id]);
    const again = await test.patch(`/people/${id}`, { name: " Ada " });
    assert.deepEqual([again.status, Change.parse(again.body).changeId], [200, null]);
    for (const coverFaceId of faceIds) {
      assert.equal((await test.patch(`/people/${id}`, { coverFaceId })).status, 200);
      assert.equal((await detail(id)).coverFaceId, coverFaceId);
    }
    assert.equal((await test.patch(`/people/${id}`, { hidden: true })).status, 200);
    assert.deepEqual([(await list()).total, (await list("?hidden=true")).total], [0, 1]);
    assert.equal((await test.patch(`/people/${id}`, { hidden: false })).status, 200);
    assert.deepEqual((await list()).items.map((one) => one.name), ["Ada"]);

    const deleted = await test.delete(`/people/${id}`);
    assert.deepEqual([deleted.status, typeof deleted.body.changeId], [200, "number"]);
    assert.deepEqual([(await test.get(`/people/${id}`)).status, (await list()).total], [404, 0]);
    const gone = await test.patch(`/people/${id}`, { name: "Bea" });
    assert.equal(gone.status, 404);
    assert.match(gone.body.error.message, new RegExp(`${id}`));
    const undone = await test.post("/changes/undo", {});
    assert.equal(undone.status, 200, JSON.stringify(undone.body));
    assert.deepEqual([(await detail(id)).name, (await detail(id)).faces], ["Ada", 2]);
  });

  await t.step("two people of one name are two people", async () => {
    const name = "Max Müller";
    const [one, other] = await Promise.all([1, 2].map(async () => {
      const { status, body } = await test.post("/people", {
        name,
        faceIds: [await insertFace(db)],
      });
      assert.equal(status, 201);
      return body.personId as number;
    }));
    assert.notEqual(one, other);
    const { items } = Names.parse((await test.get("/people/names?prefix=mül")).body);
    assert.deepEqual(items.map((item) => item.id).sort(), [one, other].sort());
    assert.equal((await list("?prefix=MAX")).total, 2);
    assert.equal((await list("?prefix=%25")).total, 0);
  });

  await t.step("a merge takes all faces; with oneself, or with nobody, it is refused", async () => {
    const [into, from] = [
      await insertPerson(db, { name: "Into", count: 2 }),
      await insertPerson(db, { name: "From", count: 3, like: 1 }),
    ];
    const self = await test.post(`/people/${into.id}/merge`, { from: into.id });
    assert.equal(self.status, 400, JSON.stringify(self.body));
    assert.equal((await test.post(`/people/${into.id}/merge`, { from: 999_999 })).status, 404);
    assert.equal((await test.post(`/people/999999/merge`, { from: from.id })).status, 404);
    assert.deepEqual([(await detail(into.id)).faces, (await detail(from.id)).faces], [2, 3]);
    const merged = await test.post(`/people/${into.id}/merge`, { from: from.id });
    assert.deepEqual([merged.status, merged.body.personId, merged.body.faces], [200, into.id, 3]);
    assert.equal((await detail(into.id)).faces, 5);
    assert.equal((await test.get(`/people/${from.id}`)).status, 404);
    await test.post("/changes/undo", { changeId: merged.body.changeId });
    assert.deepEqual([(await detail(into.id)).faces, (await detail(from.id)).faces], [2, 3]);
  });

  await t.step("faces page by page; of nobody they are a 404, not an empty page", async () => {
    const { id } = await insertPerson(db, { name: "Paged" });
    for (const takenAt of ["2001-01-01T00:00:00", "2003-01-01T00:00:00", null]) {
      await insertFace(db, { photoId: await insertPhoto(db, { takenAt }), personId: id });
    }
    const times: (string | null)[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const { body } = await test.get(`/people/${id}/faces?limit=1${query}`);
      const page = PersonFaces.parse(body);
      assert.equal(page.items[0].cropUrl, `/api/v1/faces/${page.items[0].id}/crop`);
      times.push(...page.items.map((face) => face.takenAt));
      cursor = page.nextCursor;
    }
    assert.deepEqual(times, ["2003-01-01T00:00:00", "2001-01-01T00:00:00", null]);
    assert.equal((await test.get(`/people/${id}/faces?cursor=x`)).status, 400);
    assert.equal((await test.get("/people/999999/faces")).body.error.code, "person_not_found");
    const { id: empty } = await insertPerson(db, { name: "Empty" });
    assert.deepEqual((await test.get(`/people/${empty}/faces`)).body, {
      items: [],
      nextCursor: null,
    });
  });

  await t.step("names that are none are a 400 in the one shape, and change nothing", async () => {
    const { id } = await insertPerson(db, { name: "Before", count: 1 });
    const faceIds = [await insertFace(db)];
    const bad = [
      "",
      "   \n\t ",
      "x".repeat(10_000),
      "x".repeat(201),
      "a\0b",
      "\u202eevil",
      "\ud800",
    ];
    for (const name of bad) {
      for (
        const { status, body } of [
          await test.patch(`/people/${id}`, { name }),
          await test.post("/people", { name, faceIds }),
          await test.post("/faces/assign", { name, faceIds }),
        ]
      ) {
        assert.equal(status, 400, JSON.stringify([name.slice(0, 20), body]));
        assert.ok(body.error.message.length < 1000, "the fault is no longer than it must be");
      }
    }
    assert.equal((await detail(id)).name, "Before");
    assert.equal((await test.get(`/faces/${faceIds[0]}`)).body.personId, null);
    const long = "ü".repeat(200);
    assert.equal((await test.patch(`/people/${id}`, { name: long })).status, 200);
    assert.equal((await detail(id)).name, long);
  });

  await t.step("what cannot be read is a 400 that names the field", async () => {
    const { id } = await insertPerson(db, { name: "Ada", count: 1 });
    for (
      const body of [
        {},
        { name: "a", hidden: true },
        { name: 5 },
        { hidden: "yes" },
        { coverFaceId: 0 },
        [],
        null,
      ]
    ) {
      const { status, body: reply } = await test.patch(`/people/${id}`, body);
      assert.deepEqual([status, reply.error.code], [400, "invalid_request"], JSON.stringify(body));
    }
    const queries = ["hidden=1", "named=x", "limit=0", "limit=101", "offset=-1", "prefix=%00"];
    for (const query of queries) {
      assert.equal((await test.get(`/people?${query}`)).status, 400, query);
    }
    assert.equal((await test.get("/people/names")).status, 400);
    assert.equal((await test.get("/people/0")).status, 400);
    assert.equal((await test.get("/people/999999999999999999999")).status, 400);
    const foreign = await insertFace(db);
    const cover = await test.patch(`/people/${id}`, { coverFaceId: foreign });
    assert.ok([400, 409].includes(cover.status), "a cover that is not theirs");
    const { response } = await test.put(`/people/${id}`, {});
    assert.deepEqual([response.status, response.headers.get("allow")], [
      405,
      "HEAD, GET, PATCH, DELETE",
    ]);
  });

  await t.step("lists cost the same number of statements however long they are", async () => {
    await db.execute(
      sql`insert into people (name) select 'Many ' || n from generate_series(1, 300) n`,
    );
    for (const path of ["/people?prefix=many&limit=", "/people/names?prefix=many&limit="]) {
      const few = await test.counting(() => test.get(`${path}1`));
      assert.equal(few, 1, path);
      assert.equal(await test.counting(() => test.get(`${path}50`)), few, path);
    }
    const { id } = await insertPerson(db, { name: "Ada", count: 3 });
    assert.equal(await test.counting(() => test.get(`/people/${id}`)), 2);
    assert.equal(await test.counting(() => test.get(`/people/${id}/faces`)), 1);
  });

  await test.close();
});
