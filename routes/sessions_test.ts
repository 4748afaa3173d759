import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { join } from "node:path";
import { testDirectory } from "../db/testing.ts";
import {
  FaceSession,
  FaceSessionPage,
  Session,
  SessionPage,
  TrainingProgress,
  Transition,
  UnifiedProgress,
} from "./api_schemas.ts";
import { addFile, testApp } from "./testing.ts";

const AT = "/training/sessions";

Deno.test("the API of sessions", async (t) => {
  const test = await testApp();
  const { db } = test;
  const folder = await testDirectory();
  await Deno.mkdir(join(folder, "summer"));

  const create = async (fields: Record<string, unknown> = {}): Promise<number> => {
    const wanted = { name: "Summer", rootPath: folder, subdirectories: ["summer"], ...fields };
    const { status, body } = await test.post(AT, wanted);
    assert.equal(status, 201, JSON.stringify(body));
    return Session.parse(body).id;
  };

  await t.step("create, read, list, rename and delete", async () => {
    const id = await create({ name: '  A "quoted"\nname 🎞️ ', subdirectories: ["summer", "."] });
    const { body } = await test.get(`${AT}/${id}`);
    const session = Session.parse(body);
    assert.equal(session.name, 'A "quoted"\nname 🎞️');
    assert.deepEqual(session.subdirectories, ["summer", ""]);
    assert.equal(session.status, "pending");

    const other = await create();
    const list = SessionPage.parse((await test.get(`${AT}?limit=1`)).body);
    assert.deepEqual(list.items.map((item) => item.id), [other]);
    assert.equal(list.total, 2);
    const second = SessionPage.parse((await test.get(`${AT}?limit=1&page=2`)).body);
    assert.deepEqual(second.items.map((item) => item.id), [id]);

    const renamed = await test.patch(`${AT}/${id}`, { name: "Winter", subdirectories: ["summer"] });
    assert.deepEqual(
      [renamed.body.name, renamed.body.subdirectories],
      ["Winter", ["summer"]],
    );

    const deleted = await test.delete(`${AT}/${id}`);
    assert.equal(deleted.status, 204);
    assert.equal((await test.get(`${AT}/${id}`)).status, 404);
    assert.equal((await test.patch(`${AT}/${id}`, { name: "x" })).status, 404);
    assert.equal((await test.get(AT)).body.total, 1);
  });

  await t.step("start answers with discovering and leaves an active session alone", async () => {
    const id = await create();
    const first = await test.post(`${AT}/${id}/start`);
    assert.equal(first.status, 200);
    assert.deepEqual(Transition.parse(first.body), {
      sessionId: id,
      status: "discovering",
      changed: true,
    });
    const before = (await test.get(`${AT}/${id}`)).body;
    const again = await test.post(`${AT}/${id}/start`);
    assert.deepEqual([again.status, again.body.status, again.body.changed], [
      200,
      "discovering",
      false,
    ]);
    assert.deepEqual((await test.get(`${AT}/${id}`)).body, before);

    const folders = await test.patch(`${AT}/${id}`, { subdirectories: ["."] });
    assert.deepEqual([folders.status, folders.body.error.code], [409, "session_started"]);
  });

  await t.step(
    "pause, resume, cancel, retry; what a state forbids is a 409 with the state",
    async () => {
      const id = await create();
      const early = await test.post(`${AT}/${id}/pause`);
      assert.deepEqual([early.status, early.body.error.code], [409, "illegal_transition"]);
      assert.deepEqual(early.body.error.details, { action: "pause", status: "pending" });
      await test.post(`${AT}/${id}/start`);
      assert.equal((await test.post(`${AT}/${id}/pause`)).body.status, "paused");
      assert.equal((await test.post(`${AT}/${id}/pause`)).body.changed, false);
      assert.equal((await test.post(`${AT}/${id}/resume`)).body.status, "discovering");
      assert.equal((await test.post(`${AT}/${id}/cancel`)).body.status, "cancelled");
      assert.equal((await test.post(`${AT}/${id}/resume`)).status, 409);
      const foreign = await test.post(`${AT}/${id}/retry`, { jobIds: [1, 2] });
      assert.deepEqual(foreign.body, {
        sessionId: id,
        changed: false,
        status: "cancelled",
        named: 2,
        taken: 0,
      });
      assert.equal((await test.post(`${AT}/${id}/retry`)).status, 200);
      const asked = await db.execute(sql`
      select job_ids from requests where session_id = ${id} and action = 'retry' order by id`);
      assert.deepEqual(asked.map((row) => row.job_ids), [null]);
    },
  );

  await t.step("start names the folder that is at fault", async () => {
    const start = async (fields: Record<string, unknown>) => {
      const { status, body } = await test.post(`${AT}/${await create(fields)}/start`);
      return { status, code: body.error?.code, message: body.error?.message };
    };
    const none = await start({ subdirectories: [] });
    assert.deepEqual([none.status, none.code], [400, "no_folders"]);

    const missing = await start({ subdirectories: ["summer", "winter"] });
    assert.deepEqual([missing.status, missing.code], [400, "folder_not_found"]);
    assert.match(missing.message, /winter/);

    const gone = await start({ rootPath: "/no/such/place", subdirectories: ["."] });
    assert.equal(gone.code, "folder_not_found");
    assert.match(gone.message, /"\/no\/such\/place"/);

    await Deno.writeTextFile(join(folder, "notes.txt"), "no folder");
    const file = await start({ subdirectories: ["notes.txt"] });
    assert.deepEqual([file.status, file.code], [400, "not_a_folder"]);
    assert.match(file.message, /notes\.txt/);
  });

  await t.step("start refuses a folder that cannot be listed or entered", async () => {
    for (const [name, mode] of [["unlistable", 0o300], ["closed", 0o600]] as const) {
      const path = join(folder, name);
      await Deno.mkdir(path);
      await Deno.chmod(path, mode);
      if (Deno.uid() === 0) {
        console.warn(`Running as root, who may read everything: "${name}" was not checked`);
      } else {
        const id = await create({ subdirectories: [name] });
        const { status, body } = await test.post(`${AT}/${id}/start`);
        assert.deepEqual([status, body.error.code], [400, "folder_unreadable"]);
        assert.match(body.error.message, new RegExp(name));
      }
      await Deno.chmod(path, 0o700);
    }
  });

  await t.step("an empty folder can be started", async () => {
    const id = await create();
    assert.equal((await test.post(`${AT}/${id}/start`)).status, 200);
  });

  await t.step("wrong requests are told what is wrong with them", async () => {
    const malformed = await test.app.request(`/api/v1${AT}`, {
      method: "POST",
      body: '{"name": ',
      headers: { "content-type": "application/json" },
    });
    assert.equal(malformed.status, 400);
    assert.equal((await malformed.json()).error.code, "malformed_request");

    const empty = await test.post(AT, {});
    assert.deepEqual([empty.status, empty.body.error.code], [400, "invalid_request"]);
    assert.match(empty.body.error.message, /name: .*rootPath: /);
    assert.deepEqual(
      empty.body.error.details.map((detail: { field: string }) => detail.field),
      ["name", "rootPath"],
    );
    for (
      const [fields, code] of [
        [{ name: "   ", rootPath: folder }, "invalid_request"],
        [{ name: "x\0y", rootPath: folder }, "invalid_request"],
        [{ name: "x", rootPath: "pictures" }, "path_not_absolute"],
        [{ name: "x", rootPath: folder, subdirectories: ["../other"] }, "folder_outside_root"],
        [{ name: "x", rootPath: folder, subdirectories: ["/etc"] }, "folder_outside_root"],
        [{ name: "x", rootPath: folder, subdirectories: "summer" }, "invalid_request"],
      ] as const
    ) {
      const { status, body } = await test.post(AT, fields);
      assert.deepEqual([status, body.error?.code], [400, code], JSON.stringify(fields));
    }
    assert.equal((await test.patch(`${AT}/1`, {})).status, 400);
    assert.equal((await test.get(`${AT}?limit=1000`)).status, 400);
    assert.equal((await test.get(`${AT}?page=0`)).status, 400);
    assert.equal((await test.get(`${AT}/seven`)).status, 400);
  });

  await t.step("an unknown id is a 404 that names it, everywhere", async () => {
    const paths = ["", "/progress", "/progress-unified"].map((path) => `${AT}/999999${path}`);
    for (const path of [...paths, "/face-sessions/999999"]) {
      const { status, body } = await test.get(path);
      assert.deepEqual([status, body.error.code], [404, "session_not_found"], path);
      assert.match(body.error.message, /999999/);
    }
    for (const action of ["start", "pause", "resume", "cancel", "retry"]) {
      const { status, body } = await test.post(`${AT}/999999/${action}`);
      assert.deepEqual([status, body.error.code], [404, "session_not_found"], action);
    }
    assert.equal((await test.delete(`${AT}/999999`)).status, 404);
  });

  await t.step("progress in all three forms", async () => {
    const id = await create();
    await test.post(`${AT}/${id}/start`);
    await db.execute(
      sql`update phases set done = 12 where session_id = ${id} and name = 'discovery'`,
    );
    const discovering = TrainingProgress.parse((await test.get(`${AT}/${id}/progress`)).body);
    assert.equal(discovering.status, "discovering");
    assert.equal(discovering.isIndeterminate, true);
    assert.equal(discovering.progress.percentage, null);
    assert.equal(discovering.discoveredImages, 12);

    await db.execute(sql`
      update phases set status = 'completed', total = 666, done = 666, running_since = null
      where session_id = ${id} and name = 'discovery'`);
    await db.execute(sql`
      update phases set status = 'running', total = 666, done = 300, skipped = 33,
        started_at = now(), opened_round = 1
      where session_id = ${id} and name = 'training'`);
    await addFile(db, { path: "/p/1.jpg", sessionId: id, state: "running" });
    const training = TrainingProgress.parse((await test.get(`${AT}/${id}/progress`)).body);
    assert.deepEqual(training.jobsSummary, {
      pending: 332,
      running: 1,
      completed: 300,
      failed: 0,
      skipped: 33,
    });
    assert.equal(training.progress.percentage, 50);
    const unified = UnifiedProgress.parse((await test.get(`${AT}/${id}/progress-unified`)).body);
    assert.equal(unified.overallProgress.percentage, 15);
    assert.equal(unified.worker.alive, false);

    const waiting = FaceSession.parse((await test.get(`/face-sessions/${id}`)).body);
    assert.deepEqual([waiting.status, waiting.totalImages, waiting.progressPercent], [
      "pending",
      null,
      null,
    ]);
    await db.execute(sql`
      update phases set status = 'completed', done = 633 where session_id = ${id} and name = 'training'`);
    await db.execute(sql`
      update phases set status = 'running', total = 40, done = 19, failed = 1, opened_round = 1
      where session_id = ${id} and name = 'face_detection'`);
    const faces = FaceSession.parse((await test.get(`/face-sessions/${id}`)).body);
    assert.equal(faces.trainingSessionId, id);
    assert.equal(faces.status, "running");
    assert.deepEqual([faces.processedImages, faces.failedImages, faces.totalImages], [20, 1, 40]);
    assert.deepEqual([faces.currentBatch, faces.totalBatches], [2, 3]);
    // Half of 65 out of the 70 that faces and clustering weigh together.
    assert.equal(faces.progressPercent, 46.4);
    const page = FaceSessionPage.parse((await test.get("/face-sessions?limit=100")).body);
    assert.ok(page.items.some((item) => item.id === id));

    const without = await create({ skipFaceDetection: true });
    const skipped = FaceSession.parse((await test.get(`/face-sessions/${without}`)).body);
    assert.deepEqual([skipped.status, skipped.progressPercent], ["skipped", null]);
  });

  await t.step("start and progress cost the same whatever the library holds", async () => {
    const costs = async (files: number) => {
      const root = await testDirectory();
      for (let n = 0; n < files; n++) await Deno.writeTextFile(join(root, `${n}.jpg`), "");
      const id = await create({ rootPath: root, subdirectories: ["."] });
      const start = await test.counting(() => test.post(`${AT}/${id}/start`));
      await db.execute(sql`
        with f as (insert into files (path, size, mtime_ms)
          select ${root} || '/' || n, 1, 1 from generate_series(1, ${files}::int) n returning id)
        insert into jobs (session_id, phase, subject) select ${id}::bigint, 'training', id from f`);
      const unified = await test.counting(() => test.get(`${AT}/${id}/progress-unified`));
      const training = await test.counting(() => test.get(`${AT}/${id}/progress`));
      const page = await test.counting(() => test.page(`/sessions/${id}/progress`));
      await Deno.remove(root, { recursive: true });
      return { start, unified, training, page };
    };
    const small = await costs(2);
    assert.deepEqual(await costs(500), small);
    assert.ok(small.start > 0 && small.unified > 0 && small.training > 0 && small.page > 0);
  });

  await Deno.remove(folder, { recursive: true });
  await test.close();
});
