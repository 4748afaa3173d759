import assert from "node:assert/strict";
import { eq, gte } from "drizzle-orm";
import { listClusters } from "../db/cluster_queries.ts";
import {
  insertCluster,
  insertFace,
  insertPerson,
  insertProposal,
  lookingLike,
  showModel,
} from "../db/people_testing.ts";
import { changes, faces, people, suggestions } from "../db/schema.ts";
import { bytesOfVector } from "../db/vectors.ts";
import { send } from "./forms_testing.ts";
import { type TestApp, testApp } from "./testing.ts";

const nameOf = async (test: TestApp, faceId: number) => {
  const [row] = await test.db.select({ name: people.name, confirmed: faces.confirmed }).from(faces)
    .leftJoin(people, eq(people.id, faces.personId)).where(eq(faces.id, faceId));
  return row.confirmed ? row.name : null;
};

Deno.test("the page of people and its forms", async (t) => {
  const test = await testApp();
  const { db } = test;
  await showModel(db);
  const idOf = async (faceId: number) =>
    (await db.select().from(faces).where(eq(faces.id, faceId)))[0].personId;

  await t.step("shows people with names, then groups without", async () => {
    assert.match((await test.page("/people")).html, /No faces have been grouped yet/);
    const anna = await insertPerson(db, { name: "Anna", count: 3, like: 1 });
    const cluster = await insertCluster(db, { count: 12, like: 2 });
    const { html } = await test.page("/people");
    assert.match(html, new RegExp(`href="/people/${anna.id}"[^]*Anna[^]*3 photos`));
    assert.match(html, new RegExp(`href="/clusters/${cluster.id}"[^]*all 12 faces`));
    assert.equal(html.match(/name="faceId" value/g)!.length, 10);
    assert.doesNotMatch(html, / style=| onclick=|<script>/);
  });

  await t.step("a new name is given at once, and taken back with Undo", async () => {
    const cluster = await insertCluster(db, { count: 3, like: 3 });
    const sent = await send(test, `/clusters/${cluster.id}/name`, {
      back: "/people?page=1",
      name: "  Bea   Berg ",
    });
    assert.equal(sent.status, 303);
    assert.match(sent.location!, /^\/people\?page=1&changed=\d+$/);
    assert.equal(await nameOf(test, cluster.faceIds[2]), "Bea Berg");
    const [, changeId] = sent.html.match(/role="status"[^]*name="changeId" value="(\d+)"/)!;
    const undone = await send(test, "/changes/undo", { back: "/people", changeId });
    assert.match(undone.html, /role="status"[^]*Taken back: /);
    assert.equal(await nameOf(test, cluster.faceIds[2]), null);
    const again = await send(test, "/changes/undo", { back: "/people", changeId });
    assert.match(again.html, /Taken back: /);
  });

  await t.step("a name that somebody has asks for a look at both", async () => {
    const cluster = await insertCluster(db, { count: 2, like: 4 });
    const path = `/clusters/${cluster.id}/name`;
    const asked = await send(test, path, { back: "/people", name: "anna" });
    assert.match(asked.html, /Is this the Anna you know\?/);
    assert.match(asked.html, /Yes, join/);
    assert.match(asked.html, /No, another anna/);
    assert.match(asked.html, new RegExp(`/api/v1/faces/${cluster.faceIds[0]}/crop`));
    assert.equal(await nameOf(test, cluster.faceIds[0]), null);
    const [anna] = await db.select().from(people).where(eq(people.name, "Anna"));
    await send(test, path, { back: "/people", name: "anna", personId: anna.id });
    const [face] = await db.select().from(faces).where(eq(faces.id, cluster.faceIds[0]));
    assert.deepEqual([face.personId, face.confirmed], [anna.id, true]);

    const other = await insertCluster(db, { count: 2, like: 5 });
    await send(test, `/clusters/${other.id}/name`, { back: "/people", name: "Anna", as: "new" });
    const both = await db.select().from(people).where(eq(people.name, "Anna"));
    assert.equal(both.length, 2);
    const third = await insertCluster(db, { count: 2, like: 6 });
    const which = await send(test, `/clusters/${third.id}/name`, { back: "/people", name: "Anna" });
    assert.match(which.html, /one of the 2 people called Anna/);
    assert.equal(which.html.match(/Yes, this one/g)!.length, 2);
  });

  await t.step("with picked faces a name is for those only", async () => {
    const { id, faceIds } = await insertCluster(db, { count: 4, like: 7 });
    const [one, two, three] = faceIds;
    await send(test, `/clusters/${id}/name`, { back: "/people", name: "Cleo", faceId: [one, two] });
    assert.deepEqual(
      [await nameOf(test, one), await nameOf(test, two), await nameOf(test, three)],
      ["Cleo", "Cleo", null],
    );
    const ask = await send(test, `/clusters/${id}/name`, {
      back: "/people",
      name: "Cleo",
      faceId: three,
    });
    assert.match(ask.html, new RegExp(`type="hidden" name="faceId" value="${three}"`));
  });

  await t.step("a likely person is asked about first", async () => {
    const dora = await insertPerson(db, { name: "Dora", count: 2, like: 8 });
    const cluster = await insertCluster(db, { count: 3, like: 8 });
    const proposalId = await insertProposal(db, {
      personId: dora.id,
      faceIds: cluster.faceIds,
      similarity: 0.55,
    });
    const { html } = await test.page("/people");
    assert.match(html, /Is this <a[^>]*>Dora<\/a>\?[^]*alike, 55/);
    assert.match(html, /would change 1 thing about people/);
    await send(test, `/clusters/${cluster.id}/likely`, {
      back: "/people",
      answer: "yes",
      personId: dora.id,
      proposalId,
      shown: cluster.faceIds,
    });
    assert.equal(await nameOf(test, cluster.faceIds[0]), "Dora");
  });

  await t.step("a no to the row's question is one to all that made it ask", async () => {
    const emil = await insertPerson(db, { name: "Emil", count: 2, like: 0 });
    const { id, faceIds } = await insertCluster(db, { count: 30, like: 0 });
    for (const faceId of faceIds) {
      const embedding = bytesOfVector(lookingLike(0, { likeness: 0.5, else: 6 }));
      await db.update(faces).set({ embedding }).where(eq(faces.id, faceId));
      await db.insert(suggestions).values({ faceId, personId: emil.id, similarity: 0.5 });
    }
    const asks = new RegExp(`/clusters/${id}/likely`);
    assert.match((await test.page("/people")).html, asks);
    const no = { back: "/people", answer: "no", personId: emil.id, shown: faceIds.slice(0, 10) };
    const said = await send(test, `/clusters/${id}/likely`, no);
    assert.match(said.html, /Said that 30 faces are not &quot;Emil&quot;/);
    assert.doesNotMatch(said.html, asks);
    const again = await send(test, `/clusters/${id}/likely`, no);
    assert.match(again.html, /It was so already/);
  });

  await t.step("a double click on Name names once, and asks nothing", async () => {
    const { id, faceIds } = await insertCluster(db, { count: 3, like: 7 });
    const path = `/clusters/${id}/name`;
    const picked = { back: "/people", name: "Nele", faceId: faceIds.slice(0, 2) };
    await send(test, path, picked);
    assert.match((await send(test, path, picked)).html, /It was so already/);
    const all = { back: "/people", name: "Nora" };
    await send(test, path, all);
    const again = await send(test, path, all);
    assert.match(again.location!, /same=yes/);
    assert.match(again.html, /It was so already/);
    // Nele is more than these by now: whether she is meant is a question.
    await insertFace(db, { like: 7, confirmed: true, personId: await idOf(faceIds[0]) });
    assert.match((await send(test, path, picked)).html, /Is this the Nele you know\?/);
  });

  await t.step("strangers go to their own page and come back", async () => {
    const { id, faceIds } = await insertCluster(db, { count: 3, like: 9 });
    await send(test, `/clusters/${id}/hide`, { back: "/people", hide: "stranger" });
    assert.doesNotMatch((await test.page("/people")).html, new RegExp(`/clusters/${id}"`));
    const { html } = await test.page("/people/hidden");
    const [, person] = html.match(/href="\/people\/(\d+)"[^]*Show again/)!;
    await send(test, `/people/${person}/show`, { back: "/people/hidden" });
    assert.match((await test.page("/people/hidden")).html, /Nobody is hidden/);
    // Somebody without a name again: a row among those put together.
    assert.match((await test.page("/people")).html, /Put together, without a name/);
    const none = await insertCluster(db, { count: 2, like: 10 });
    await send(test, `/clusters/${none.id}/hide`, { back: "/people", hide: "not_a_face" });
    const [gone] = await db.select().from(faces).where(eq(faces.id, none.faceIds[0]));
    assert.equal(gone.notAFace, true);
    assert.equal(faceIds.length, 3);
  });

  await t.step("what is gone is told, not asked about", async () => {
    const { id } = await insertCluster(db, { count: 2, like: 7 });
    await send(test, `/clusters/${id}/hide`, { back: "/people", hide: "stranger" });
    const stale = await send(test, `/clusters/${id}/name`, { back: "/people", name: "nora" });
    assert.equal(stale.status, 404);
    assert.match(stale.html, /data-fault[^]*does not exist, since/);
    const cluster = await insertCluster(db, { count: 3, like: 7 });
    const faceId = cluster.faceIds[0];
    await send(test, `/clusters/${cluster.id}/name`, { back: "/people", name: "Olga", faceId });
    const split = { back: "/people", faceId, clusterId: cluster.id };
    assert.equal((await send(test, "/faces/split", split)).status, 409);
    const pick = { back: "/people", faceId, name: "Pia" };
    assert.equal((await send(test, `/clusters/${cluster.id}/name`, pick)).status, 409);
    assert.equal(await nameOf(test, faceId), "Olga");
    const { html } = await test.page(`/clusters/${cluster.id}`);
    const button = `formaction="/faces/split"[^>]*name="clusterId" value="${cluster.id}"`;
    assert.match(html, new RegExp(button));
  });

  await t.step("rows are joined, split, and faces moved", async () => {
    const [one, two] = [
      await insertCluster(db, { count: 4, like: 11 }),
      await insertCluster(db, { count: 3, like: 12 }),
    ];
    const clusterOf = async (id: number) =>
      (await db.select().from(faces).where(eq(faces.id, id)))[0].clusterId;
    await send(test, "/faces/split", { back: "/people", faceId: one.faceIds.slice(0, 2) });
    assert.notEqual(await clusterOf(one.faceIds[0]), one.id);
    assert.equal(await clusterOf(one.faceIds[3]), one.id);
    await send(test, "/faces/move", {
      back: "/people",
      clusterId: two.id,
      faceId: one.faceIds.slice(2),
    });
    const personOf = async (id: number) =>
      (await db.select().from(faces).where(eq(faces.id, id)))[0].personId;
    assert.notEqual(await personOf(one.faceIds[2]), null);
    assert.equal(await personOf(one.faceIds[2]), await personOf(two.faceIds[0]));
    const [a, b] = [
      await insertCluster(db, { count: 3, like: 13 }),
      await insertCluster(db, { count: 3, like: 14 }),
    ];
    const joined = await send(test, "/clusters/join", { back: "/people", clusterId: [a.id, b.id] });
    assert.match(joined.html, /Put together, without a name/);
  });

  await t.step("names are completed", async () => {
    assert.match((await test.page("/people/names?name=be")).html, /^$|<option/);
    assert.match((await test.page("/people/names?name=Do")).html, /<option value="Dora">/);
    assert.equal((await test.page("/people/names?name=")).html, "");
  });

  await t.step("what cannot be done is told, with what was typed", async () => {
    const { id } = await insertCluster(db, { count: 2, like: 15 });
    const before = (await db.select().from(changes)).length;
    for (const name of ["", "   ", "x".repeat(201), "a\u202eb"]) {
      const sent = await send(test, `/clusters/${id}/name`, { back: "/people?page=1", name });
      assert.equal(sent.status, 422, JSON.stringify(name.slice(0, 9)));
      assert.match(sent.html, /data-fault/);
      assert.ok(sent.html.includes(`value="${name}"`), "what was typed is lost");
      assert.match(sent.html, /href="\/people\?page=1"/);
    }
    const markup = '<script>alert("1")</script>';
    const named = await send(test, `/clusters/${id}/name`, { back: "/people", name: markup });
    assert.doesNotMatch(named.html, /<script>alert/);
    assert.match(named.html, /&lt;script&gt;alert/);
    const gone = await send(test, "/clusters/999999/name", { back: "/people", name: "Nobody" });
    assert.equal(gone.status, 404);
    assert.equal((await db.select().from(changes)).length, before + 1);
  });

  await t.step("a form leads back to pages of people only", async () => {
    for (
      const back of ["https://example.org/", "//example.org", "/people/..//x", "/\\x", "/models"]
    ) {
      const { status } = await send(test, "/changes/undo", { back });
      assert.equal(status, 400, back);
    }
  });

  await t.step("lists: all with a name, by their beginning", async () => {
    const { html } = await test.page("/people/named?begins=cl");
    assert.match(html, /Cleo/);
    assert.doesNotMatch(html, /Dora/);
    assert.match((await test.page("/people/named?begins=zz")).html, /Nobody is called so/);
    assert.equal((await test.page("/people/unnamed")).status, 200);
  });

  await t.step("U takes back the last of one's own, however much others did since", async () => {
    const named = await send(test, "/faces/name", {
      back: "/people",
      faceId: await insertFace(db, { like: 7 }),
      name: "Quirin",
    });
    const [, own] = named.location!.match(/changed=(\d+)/)!;
    const theirs = { by: "somebody else", kind: "named", message: "Named 1 face" };
    const made = await db.insert(changes).values(Array.from({ length: 45 }, () => theirs))
      .returning({ id: changes.id });
    const { html } = await test.page(`/people?changed=${own}`);
    assert.match(html, new RegExp(`id="undo"[^]*?name="changeId" value="${own}"`));
    assert.match(html, /role="status"[^]*Named 1 face &quot;Quirin&quot;/);
    await db.delete(changes).where(gte(changes.id, made[0].id));
  });

  await t.step("a page behind the last leads to the last", async () => {
    const big = await insertCluster(db, { count: 130, like: 7 });
    const { total } = await listClusters(db, { limit: 1, offset: 0, facesEach: 0 });
    const last = Math.ceil(total / 20);
    const anna = await insertPerson(db, { name: "Anna Last", count: 1, like: 7 });
    const ways = {
      "/people?page=77": last === 1 ? "/people" : `/people?page=${last}`,
      "/people/named?begins=cl&page=2": "/people/named?begins=cl",
      "/people/hidden?page=9": "/people/hidden",
      "/people/unnamed?page=9": "/people/unnamed",
      "/review?page=2&same=yes": "/review?same=yes",
      [`/review?person=${anna.id}&page=2`]: `/review?person=${anna.id}`,
      [`/clusters/${big.id}?page=3`]: `/clusters/${big.id}?page=2`,
    };
    for (const [path, to] of Object.entries(ways)) {
      const response = await test.app.request(path);
      assert.deepEqual([response.status, response.headers.get("location")], [302, to], path);
      assert.equal((await test.page(to)).status, 200, to);
    }
    assert.equal((await test.page(`/clusters/${big.id}?page=2`)).status, 200);
  });

  await t.step("every change is listed with its way back", async () => {
    const { html } = await test.page("/changes");
    const rows = await db.select().from(changes);
    assert.equal(html.match(/id="change-\d+"/g)!.length, Math.min(50, rows.length));
    assert.match(html, /taken back/);
    const oldest = await test.page(`/changes?before=${rows[0].id}`);
    assert.match(oldest.html, /There are no earlier ones/);
  });

  await test.close();
});
