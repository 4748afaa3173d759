import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { events, sessions } from "../db/schema.ts";
import { testDirectory } from "../db/testing.ts";
import { Transition } from "./api_schemas.ts";
import { testApp } from "./testing.ts";

const AT = "/training/sessions";

Deno.test("one phase of a session, over HTTP", async (t) => {
  const test = await testApp();
  const { db } = test;
  const folder = await testDirectory();
  const { body: { id } } = await test.post(AT, {
    name: "Summer",
    rootPath: folder,
    subdirectories: ["."],
  });
  const act = (phase: string, action: string) =>
    test.post(`${AT}/${id}/phases/${phase}/${action}`, {});

  await t.step("what is illegal is a 409 that names the phase and its state", async () => {
    const { status, body } = await act("clustering", "resume");
    assert.equal(status, 200);
    assert.equal(body.changed, false);
    const refused = await act("training", "retry");
    assert.equal(refused.status, 409);
    assert.deepEqual(refused.body.error.details, { action: "retry", status: "pending" });
    assert.equal((await act("discovery", "cancel")).status, 409);
  });

  await t.step(
    "what holds already is a 200 without a change, however many ask at once",
    async () => {
      await test.post(`${AT}/${id}/start`, {});
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => act("discovery", "pause")),
      );
      assert.deepEqual(answers.map(({ status }) => status), Array(10).fill(200));
      const changes = answers.map(({ body }) => Transition.parse(body));
      assert.equal(changes.filter(({ changed }) => changed).length, 1);
      assert(changes.every(({ status }) => status === "paused"));
    },
  );

  await t.step("it is written down who did it", async () => {
    const told = await db.select().from(events).where(eq(events.sessionId, id)).orderBy(events.id);
    assert.deepEqual(told.map(({ kind }) => kind), [
      "created",
      "phase_started",
      "started",
      "paused",
    ]);
    assert.match(told.at(-1)!.by, /^API client at /);
  });

  await t.step("wrong names and unknown sessions are told apart", async () => {
    assert.equal((await act("dancing", "pause")).status, 400);
    assert.equal((await act("training", "dance")).status, 400);
    const gone = await test.post(`${AT}/999999/phases/training/pause`, {});
    assert.equal(gone.status, 404);
  });

  await t.step("the page's buttons lead back to the page", async () => {
    const answer = await test.app.request(`/sessions/${id}/phases/discovery/resume`, {
      method: "POST",
    });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get("location"), `/sessions/${id}`);
    const [{ status }] = await db.select().from(sessions).where(eq(sessions.id, id));
    assert.equal(status, "discovering");
  });

  await test.close();
  await Deno.remove(folder, { recursive: true });
});
