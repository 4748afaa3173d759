import assert from "node:assert/strict";
import { createSession, deleteSession } from "../jobs/lifecycle.ts";
import { FaceSession, FaceSessionPage, Session, UnifiedProgress } from "./api_schemas.ts";
import { testApp } from "./testing.ts";

Deno.test("runs over what exists, by the API", async (t) => {
  const test = await testApp();
  const { db } = test;
  const name = `Été <b>\n"2019"`;
  const source = await createSession(db, {
    name,
    rootPath: "/photos",
    subdirectories: ["a", "b"],
    recursive: false,
  });
  const total = async (path: string) => (await test.get(path)).body.total as number;

  await t.step("faces again over one session: made and started, in the one shape", async () => {
    const asked = { trainingSessionId: source, minConfidence: 0.35, minFaceSize: 48 };
    const { status, body, response } = await test.post("/face-sessions", asked);
    assert.equal(status, 201);
    const face = FaceSession.parse(body);
    assert.equal(response.headers.get("location"), `/api/v1/face-sessions/${face.id}`);
    assert.deepEqual([face.trainingSessionId, face.status], [source, "running"]);
    assert.deepEqual([face.totalImages, face.progressPercent], [null, null]);
    const session = Session.parse((await test.get(`/training/sessions/${face.id}`)).body);
    assert.equal(session.name, `Faces again over ${name}`);
    assert.deepEqual([session.kind, session.sourceSessionId], ["faces", source]);
    assert.deepEqual(session.settings, { minFaceScore: 0.35, minFaceSize: 48 });
    assert.deepEqual([session.rootPath, session.subdirectories, session.recursive], [
      "/photos",
      ["a", "b"],
      false,
    ]);
    const { body: progress } = await test.get(`/training/sessions/${face.id}/progress-unified`);
    const { overallProgress, phases } = UnifiedProgress.parse(progress);
    assert.equal(overallProgress.percentage, null);
    assert.equal(overallProgress.currentPhase, "face_detection");
    assert.deepEqual(Object.values(phases).map((phase) => phase.status), [
      "skipped",
      "skipped",
      "running",
      "pending",
    ]);
  });

  await t.step("over the library; what follows can be left out; a run of a run", async () => {
    const first = FaceSession.parse((await test.post("/face-sessions", {})).body);
    assert.equal(first.trainingSessionId, null);
    const again = { trainingSessionId: first.id, skipClustering: true };
    const second = FaceSession.parse((await test.post("/face-sessions", again)).body);
    assert.equal(second.trainingSessionId, null);
    const { body } = await test.get(`/training/sessions/${second.id}`);
    assert.deepEqual([body.skipClustering, body.settings], [true, {}]);
  });

  await t.step("grouping again: a session without a side of faces", async () => {
    const asked = { minClusterSize: 2, similarityFloor: 0.45, minQuality: 0.6 };
    const faceSides = await total("/face-sessions?limit=100");
    const { status, body, response } = await test.post("/clustering-sessions", asked);
    assert.equal(status, 201);
    const session = Session.parse(body);
    assert.deepEqual([session.kind, session.status, session.settings], [
      "clustering",
      "running",
      asked,
    ]);
    assert.equal(response.headers.get("location"), `/api/v1/training/sessions/${session.id}`);
    assert.equal(await total("/face-sessions?limit=100"), faceSides);
    const missing = await test.get(`/face-sessions/${session.id}`);
    assert.deepEqual([missing.status, missing.body.error.code], [404, "no_face_session"]);
  });

  await t.step("each request makes a run, with the same few statements", async () => {
    const counts: number[] = [];
    const before = await total("/training/sessions");
    for (let time = 0; time < 2; time++) {
      counts.push(
        await test.counting(() => test.post("/face-sessions", { trainingSessionId: source })),
      );
    }
    assert.equal(counts[0], counts[1]);
    assert(counts[0] < 40, `${counts[0]} statements`);
    assert.equal(await total("/training/sessions"), before + 2);
  });

  await t.step("wrong requests make nothing and name the field", async () => {
    const before = await total("/training/sessions");
    const wrong: [string, unknown, RegExp][] = [
      ["/face-sessions", { minConfidence: 1.5 }, /minConfidence/],
      ["/face-sessions", { minConfidence: "high" }, /minConfidence/],
      ["/face-sessions", { minFaceSize: 0 }, /minFaceSize/],
      ["/face-sessions", { minFaceSize: 4000 }, /minFaceSize/],
      ["/face-sessions", { trainingSessionId: -1 }, /trainingSessionId/],
      ["/clustering-sessions", { minClusterSize: 1 }, /minClusterSize/],
      ["/clustering-sessions", { minClusterSize: 2.5 }, /minClusterSize/],
      ["/clustering-sessions", { similarityFloor: 1 }, /similarityFloor/],
      ["/clustering-sessions", { minQuality: -0.1 }, /minQuality/],
    ];
    for (const [path, body, field] of wrong) {
      const reply = await test.post(path, body);
      assert.equal(reply.status, 400, JSON.stringify(body));
      assert.match(reply.body.error.message, field);
    }
    const gone = await createSession(db, { name: "gone", rootPath: "/", subdirectories: [""] });
    await deleteSession(db, gone);
    for (const trainingSessionId of [999_999, gone]) {
      const reply = await test.post("/face-sessions", { trainingSessionId });
      assert.deepEqual([reply.status, reply.body.error.code], [404, "session_not_found"]);
    }
    assert.equal(await total("/training/sessions"), before);
  });

  await t.step("the list has the sessions over folders and the runs over faces", async () => {
    const page = FaceSessionPage.parse((await test.get("/face-sessions?limit=100")).body);
    const own = page.items.find(({ id }) => id === source)!;
    assert.equal(own.trainingSessionId, source);
    assert.equal(page.total, page.items.length);
  });

  await test.close();
});
