import assert from "node:assert/strict";
import { join } from "node:path";
import { readChosen, writeChosen } from "../models/chosen.ts";
import { type Source, withSource } from "../models/pull_testing.ts";
import { behaving, renamed } from "./pulls_testing.ts";
import { addPhoto, settled, testApp } from "./testing.ts";

Deno.test("the API of model packs", (t) => withSource((source) => tryApi(t, source)));

async function tryApi(t: Deno.TestContext, source: Source): Promise<void> {
  const { manifest, requests } = source;
  const { behave, goOn } = behaving(source);
  const packs = [
    renamed(manifest, "tiny"),
    renamed(manifest, "guarded", { nonCommercial: true }),
  ];
  const test = await testApp({}, { packs });
  const folder = (name: string) => join(test.dataDir, "models", name);
  const find = async (name: string) => {
    const { body } = await test.get("/models");
    return body.items.find((pack: { name: string }) => pack.name === name);
  };
  const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);
  const ended = (name: string) => settled(() => find(name));

  await t.step("the built-in pack is in use, the others can be had", async () => {
    const { status, body } = await test.get("/models");
    assert.equal(status, 200);
    assert.deepEqual(body.items.map(({ name }: { name: string }) => name), [
      "builtin",
      "tiny",
      "guarded",
    ]);
    const [builtin, tiny, guarded] = body.items;
    assert.deepEqual(builtin.inUse, ["clip", "faces"]);
    assert.equal(builtin.status, "installed");
    assert.equal(builtin.source, null);
    assert.ok(builtin.bytes > 100_000);
    assert.equal(tiny.status, "absent");
    assert.deepEqual(tiny.understands.map(({ kind }: { kind: string }) => kind), ["clip", "faces"]);
    assert.match(tiny.source, /^127\.0\.0\.1:/);
    assert.equal(tiny.nonCommercial, false);
    assert.equal(guarded.nonCommercial, true);
    assert.equal(guarded.licenceUrl, "https://example.org/licence");
    assert.deepEqual([body.modelsDir, body.former, body.devices, body.faults], [
      null,
      null,
      [],
      [],
    ]);
  });

  await t.step("what runs models on what: workers that live", async () => {
    await test.db.execute(`insert into workers (id, host, pid, device, device_reason, clip_model,
        face_model, beat_at) values
      (gen_random_uuid(), 'a', 1, 'webgpu', 'twice as fast', 'x', 'y', now()),
      (gen_random_uuid(), 'a', 2, 'webgpu', 'twice as fast', 'x', 'y', now()),
      (gen_random_uuid(), 'b', 3, 'cpu', null, 'x', 'y', now() - interval '1 hour')`);
    const { body } = await test.get("/models");
    assert.deepEqual(body.devices, [{ device: "webgpu", reason: "twice as fast", workers: 2 }]);
  });

  await t.step("without consent a non-commercial pack is not fetched", async () => {
    for (const body of [{}, { acceptLicence: false }]) {
      const refused = await test.post("/models/guarded/pull", body);
      assert.equal(refused.status, 422);
      assert.equal(refused.body.error.code, "licence_not_accepted");
      assert.match(refused.body.error.message, /non-commercial purposes only \(Tiny Licence\)/);
      assert.equal(refused.body.error.details.licenceUrl, "https://example.org/licence");
    }
    assert.deepEqual(requests, []);
    assert.equal((await find("guarded")).status, "absent");
  });

  await t.step("a pull runs in the background; asking again begins nothing", async () => {
    behave("halting");
    const begun = await test.post("/models/guarded/pull", { acceptLicence: true });
    assert.equal(begun.status, 202);
    assert.equal(begun.body.changed, true);
    assert.equal(begun.body.pack.status, "fetching");
    const again = await Promise.all(
      [1, 2, 3].map(() => test.post("/models/guarded/pull", { acceptLicence: true })),
    );
    assert.deepEqual(again.map(({ status, body }) => [status, body.changed]), [
      [200, false],
      [200, false],
      [200, false],
    ]);
    const half = await settled(() => find("guarded"), ({ progress }) => progress?.bytes > 0);
    assert.equal(half.status, "fetching");
    assert.ok(half.progress.bytes < half.progress.total, "the source holds back the other half");
    assert.equal(half.progress.total, half.bytes);
    assert.equal(half.installed, false);
    goOn();
    const done = await ended("guarded");
    assert.equal(done.status, "installed");
    assert.equal(done.installed, true);
    assert.equal(requests.length, new Set(requests).size, `asked twice: ${requests}`);
    assert.ok(await isThere(join(folder("guarded"), "visual.onnx")));
    const later = await test.post("/models/guarded/pull", { acceptLicence: true });
    assert.deepEqual([later.status, later.body.changed], [200, false]);
  });

  const failing = [
    [403, /refuses the file \(HTTP 403\)/],
    [404, /does not have the file any more \(HTTP 404\)/],
    [500, /has a fault of its own \(HTTP 500\)/],
    ["wrong", /is not the file that was meant/],
    ["breaking", /ended the transfer after \d+ of \d+ bytes/],
  ] as const;
  for (const [how, said] of failing) {
    await t.step(
      `a source that answers ${how}: a message, and nothing half-installed`,
      async () => {
        behave(how);
        assert.equal((await test.post("/models/tiny/pull", {})).status, 202);
        const pack = await ended("tiny");
        assert.equal(pack.status, "failed");
        assert.match(pack.message, said);
        assert.equal(pack.installed, false);
        assert.equal(await isThere(folder("tiny")), false);
      },
    );
  }

  await t.step("what was interrupted is shown, and goes on from there", async () => {
    const broken = await find("tiny");
    assert.ok(broken.progress.bytes > 0 && broken.progress.bytes < broken.progress.total);
    behave("halting");
    requests.length = 0;
    await test.post("/models/tiny/pull", {});
    await settled(
      () => find("tiny"),
      ({ progress }) => progress?.bytes > broken.progress.bytes,
    );
    assert.match(requests[0], /^\w+\.onnx bytes=\d+-$/);
    const stopped = await test.post("/models/tiny/cancel");
    assert.deepEqual([stopped.status, stopped.body.changed], [202, true]);
    assert.equal(stopped.body.pack.status, "interrupted");
    assert.ok(stopped.body.pack.progress.bytes > 0);
    assert.equal((await test.post("/models/tiny/cancel")).body.changed, false);
    goOn();
    await test.post("/models/tiny/pull", {});
    assert.equal((await ended("tiny")).status, "installed");
  });

  await t.step("a check finds files that are not what they should be", async () => {
    assert.equal((await test.post("/models/tiny/verify")).status, 202);
    assert.deepEqual((await ended("tiny")).checked.faults, []);
    await Deno.writeTextFile(join(folder("tiny"), "detector.onnx"), "damaged");
    await test.post("/models/tiny/verify");
    const damaged = await ended("tiny");
    assert.equal(damaged.status, "installed");
    assert.match(damaged.checked.faults[0], /^detector\.onnx: it has 7 bytes instead of \d+$/);
    assert.equal(damaged.checked.faults.length, 1);
    requests.length = 0;
    assert.equal((await test.post("/models/tiny/pull", {})).status, 202);
    const mended = await ended("tiny");
    assert.deepEqual([mended.status, mended.checked], ["installed", null]);
    assert.deepEqual(requests, ["detector.onnx"]);
  });

  await t.step("a pack of one's own is listed like the others", async () => {
    await Deno.mkdir(folder("own"));
    for await (const { name } of Deno.readDir(folder("tiny"))) {
      await Deno.copyFile(join(folder("tiny"), name), join(folder("own"), name));
    }
    const path = join(folder("own"), "manifest.json");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace('"tiny"', '"own"').replaceAll(/"url":[^,]*,/g, ""));
    const own = await find("own");
    assert.deepEqual([own.status, own.source], ["installed", null]);
    const refused = await test.post("/models/own/pull", {});
    assert.equal(refused.body.error.code, "pack_without_source");
    await Deno.writeTextFile(path, "{");
    const { body } = await test.get("/models");
    assert.match(body.faults[0], /The pack "own" is left out: .*it is not JSON/);
    assert.equal(await find("own"), undefined);
  });

  await t.step(
    "a pack is used, and the former models answer until its run is complete",
    async () => {
      assert.deepEqual((await test.post("/models/guarded/use")).body, { sessionId: null });
      const empty = await test.get("/models");
      assert.deepEqual((await find("guarded")).inUse, ["clip", "faces"]);
      assert.equal(empty.body.former, null, "nothing is there that could be searched");
      await addPhoto(test.db, test.dataDir, { colour: "red", path: "/photos/red.jpg" });
      const used = await test.post("/models/builtin/use");
      assert.equal(used.status, 200);
      const { body: run } = await test.get(`/training/sessions/${used.body.sessionId}`);
      assert.equal(run.name, "New models: builtin");
      const { body } = await test.get("/models");
      assert.deepEqual(body.former, { kinds: ["clip", "faces"], sessionId: used.body.sessionId });
      assert.deepEqual((await find("builtin")).inUse, ["clip", "faces"]);
      const again = await Promise.all([1, 2].map(() => test.post("/models/builtin/use")));
      for (const { body } of again) {
        assert.deepEqual(
          body,
          used.body,
          "one run, however often asked",
        );
      }
      await Deno.writeTextFile(join(folder("tiny"), "visual.onnx"), "damaged");
      const refused = await test.post("/models/tiny/use");
      assert.deepEqual([refused.status, refused.body.error.code], [409, "pack_unusable"]);
      assert.match(refused.body.error.message, /Cannot open the model pack "tiny" .*visual\.onnx/);
      assert.deepEqual(await readChosen(test.dataDir), { clip: null, faces: null });
    },
  );

  await t.step("what cannot be is refused, with the reason", async () => {
    const code = async (path: string, body?: unknown) => {
      const reply = await test.post(`/models/${path}`, body);
      return [reply.status, reply.body.error.code];
    };
    assert.deepEqual(await code("nothing/pull", {}), [404, "pack_not_found"]);
    assert.deepEqual(await code("nothing/use"), [404, "pack_not_found"]);
    assert.deepEqual(await code("nothing/cancel"), [404, "pack_not_found"]);
    assert.deepEqual(await code("..%2f..%2fetc/verify"), [400, "invalid_request"]);
    assert.deepEqual(await code("tiny/pull", { acceptLicence: "yes" }), [400, "invalid_request"]);
    assert.deepEqual(await code("builtin/verify"), [409, "pack_builtin"]);
    await Deno.remove(folder("guarded"), { recursive: true });
    assert.deepEqual(await code("guarded/use"), [409, "pack_not_installed"]);
    assert.deepEqual(await code("guarded/verify"), [409, "pack_not_installed"]);
  });

  await t.step("a choice that cannot be used is told", async () => {
    await writeChosen(test.dataDir, { clip: "guarded", faces: null });
    const { body } = await test.get("/models");
    assert.ok(
      body.faults.some((fault: string) =>
        fault.startsWith("The pack guarded is chosen, but it is not installed")
      ),
    );
    assert.deepEqual((await find("builtin")).inUse, ["faces"]);
    await Deno.writeTextFile(join(test.dataDir, "models", "chosen.json"), "[");
    const wrong = await test.get("/models");
    assert.equal(wrong.status, 200);
    assert.match(wrong.body.faults.join(), /Cannot read which models were chosen/);
    await writeChosen(test.dataDir, { clip: null, faces: null });
    assert.deepEqual(await readChosen(test.dataDir), { clip: null, faces: null });
  });

  await test.close();
}

Deno.test("a folder named by SAFELIGHT_MODELS wins over the choice", async () => {
  const test = await testApp({ SAFELIGHT_MODELS: "/models/of/mine" });
  const { body } = await test.get("/models");
  assert.equal(body.modelsDir, "/models/of/mine");
  assert.ok(body.items.every(({ inUse }: { inUse: string[] }) => inUse.length === 0));
  const refused = await test.post("/models/builtin/use");
  assert.equal(refused.status, 409);
  assert.match(
    refused.body.error.message,
    /"\/models\/of\/mine" are in use because SAFELIGHT_MODELS/,
  );
  await test.close();
});
