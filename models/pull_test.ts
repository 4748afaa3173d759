import assert from "node:assert/strict";
import { join } from "node:path";
import { writeChosen } from "./chosen.ts";
import { installedPack, installedPacks, packsDir } from "./installed.ts";
import { openPacks } from "./pack.ts";
import { type PullProgress } from "./pull.ts";
import { cutAfter, fault, MODELS, serve, type Source, withSource } from "./pull_testing.ts";
import { verifyPack } from "./verify.ts";

const partial = ({ dataDir }: Source, name = "visual.onnx") =>
  join(packsDir(dataDir), ".pulls", "tiny", name);
const sizeOf = async (path: string) => (await Deno.stat(path)).size;
const installed = ({ dataDir }: Source) => installedPack(dataDir, "tiny");

async function intact(source: Source): Promise<void> {
  const pack = await installed(source);
  assert.deepEqual(await verifyPack(pack!), []);
}

Deno.test("a pack is fetched, verified, installed and can be chosen", () =>
  withSource(async (source) => {
    const seen: PullProgress[] = [];
    await source.pull({ onProgress: (progress) => seen.push(progress) });
    await intact(source);
    assert.deepEqual(source.requests, [...MODELS, "vocabulary.json"]);
    const total = [...source.files.values()].reduce((sum, { length }) => sum + length, 0);
    assert.ok(seen.every((at) => at.total === total && at.pack === "tiny"));
    assert.ok(seen.every(({ bytes }, at) => at === 0 || bytes >= seen[at - 1].bytes));
    assert.deepEqual([seen.at(-1)!.stage, seen.at(-1)!.bytes], ["installing", total]);
    const [pack] = await installedPacks(source.dataDir);
    assert.deepEqual([pack.name, pack.bytes], ["tiny", total]);
    const left = [...Deno.readDirSync(join(packsDir(source.dataDir), ".pulls"))];
    assert.deepEqual(left.map(({ name }) => name), ["tiny.lock"]);
    await writeChosen(source.dataDir, { clip: "tiny", faces: "tiny" });
    const options = { modelsDir: null, packsDir: packsDir(source.dataDir), builtinDir: "absent" };
    const { clip, faces } = await openPacks(options);
    assert.equal(clip.visual.path, join(pack.dir, "visual.onnx"));
    assert.equal(faces.identity.pack, "tiny");
  }));

Deno.test("a connection that is cut is taken up where it ended, in the same pull", () =>
  withSource(async (source) => {
    const size = source.files.get("textual.onnx")!.length;
    const cut = Math.floor(size / 3);
    source.answers.set("textual.onnx", cutAfter(cut));
    await source.pull();
    await intact(source);
    const asked = source.requests.filter((request) => request.startsWith("textual.onnx"));
    assert.deepEqual(asked.slice(0, 3), [
      "textual.onnx",
      `textual.onnx bytes=${cut}-`,
      `textual.onnx bytes=${2 * cut}-`,
    ]);
  }));

Deno.test("what a broken pull fetched is hashed and continued by the next", () =>
  withSource(async (source) => {
    source.answers.set("visual.onnx", cutAfter(10));
    const { fault: kind, message } = await fault(source.pull());
    assert.equal(kind, "truncated");
    assert.match(
      message,
      /"tiny": 127\.0\.0\.1:\d+ ended the transfer after 40 of \d+ bytes; pull/,
    );
    assert.equal(await sizeOf(partial(source)), 40);
    assert.equal(await installed(source), null);
    source.answers.clear();
    source.requests.length = 0;
    const seen: PullProgress[] = [];
    await source.pull({ onProgress: (progress) => seen.push(progress) });
    assert.equal(source.requests[0], "visual.onnx bytes=40-");
    assert.deepEqual([seen[0].stage, seen[0].bytes], ["verifying", 40]);
    await intact(source);
  }));

Deno.test("a damaged beginning is found out and removed", () =>
  withSource(async (source) => {
    source.answers.set("visual.onnx", cutAfter(10));
    await fault(source.pull());
    await Deno.writeFile(partial(source), new Uint8Array(40));
    source.answers.clear();
    assert.equal((await fault(source.pull())).fault, "hash");
    await source.pull();
    await intact(source);
  }));

Deno.test("a server without ranges, or without the rest, starts the file over", () =>
  withSource(async (source) => {
    source.answers.set("visual.onnx", cutAfter(10));
    await fault(source.pull());
    source.answers.set("visual.onnx", (_, bytes) => new Response(bytes));
    await source.pull();
    await intact(source);
    await Deno.remove(join(packsDir(source.dataDir), "tiny"), { recursive: true });
    source.answers.set("visual.onnx", cutAfter(10));
    await fault(source.pull());
    source.answers.set(
      "visual.onnx",
      (request, bytes) =>
        request.headers.has("range")
          ? new Response(null, { status: 416, headers: { "content-range": "bytes */7" } })
          : new Response(bytes),
    );
    assert.equal((await fault(source.pull())).fault, "size");
  }));

Deno.test("stopping keeps what is there, and says so", () =>
  withSource(async (source) => {
    const stopping = new AbortController();
    source.answers.set("textual.onnx", (_, bytes) =>
      new Response(
        new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice(0, 50)) }),
        { headers: { "content-length": String(bytes.length), etag: '"a"' } },
      ));
    const { fault: kind, message } = await fault(source.pull({
      signal: stopping.signal,
      onProgress: ({ file }) => file === "textual.onnx" && stopping.abort(),
    }));
    assert.equal(kind, "stopped");
    assert.match(message, /"tiny" was stopped; pull it again/);
    assert.equal(await installed(source), null);
    source.answers.clear();
    source.requests.length = 0;
    await source.pull();
    assert.ok(!source.requests.includes("visual.onnx"), "visual.onnx was there already");
    await intact(source);
  }));

Deno.test("a wrong file is removed and named with both hashes", () =>
  withSource(async (source) => {
    const other = source.files.get("visual.onnx")!.map((byte) => byte ^ 1);
    source.answers.set("visual.onnx", (request) => serve(request, other));
    const { fault: kind, message } = await fault(source.pull());
    assert.equal(kind, "hash");
    assert.match(message, /SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}\. It was removed/);
    assert.equal(await sizeOf(partial(source)), 0);
    assert.equal(await installed(source), null);
    source.answers.clear();
    await source.pull();
    await intact(source);
  }));

Deno.test("another length is seen before anything is fetched, and too much is not kept", () =>
  withSource(async (source) => {
    source.answers.set("visual.onnx", () => new Response("<html>please log in</html>"));
    const offered = await fault(source.pull());
    assert.equal(offered.fault, "size");
    assert.match(offered.message, /offers 26 bytes instead of the \d+ of http/);
    source.answers.set("visual.onnx", (_, bytes) =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(bytes);
            controller.enqueue(new Uint8Array(9));
            controller.close();
          },
        }),
      ));
    const sent = await fault(source.pull());
    assert.match(sent.message, /sends more than the \d+ bytes of the file; it was removed/);
    assert.equal(await sizeOf(partial(source)), 0);
  }));

Deno.test("a silent connection is given up and taken up again", () =>
  withSource(async (source) => {
    let asked = 0;
    source.answers.set("visual.onnx", (request, bytes) => {
      if (asked++ > 0) return serve(request, bytes);
      return new Response(
        new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice(0, 50)) }),
        { headers: { "content-length": String(bytes.length) } },
      );
    });
    await source.pull({ silenceMs: 500 });
    await intact(source);
  }));

Deno.test("a licence that forbids commercial use wants a yes first", () =>
  withSource(async (source) => {
    const manifest = structuredClone(source.manifest);
    manifest.licence = { name: "Research only", url: "https://example.org/l", nonCommercial: true };
    const { fault: kind, message } = await fault(source.pull({ manifest }));
    assert.equal(kind, "licence");
    assert.match(message, /forbids commercial use \(Research only, https:\/\/example\.org\/l\)/);
    assert.deepEqual(source.requests, []);
    await source.pull({ manifest, acceptLicence: true });
    await intact(source);
  }));

Deno.test("of two pulls at once the second is told, and the first is not disturbed", () =>
  withSource(async (source) => {
    const { promise: asked, resolve: tell } = Promise.withResolvers<void>();
    const { promise: go, resolve: release } = Promise.withResolvers<void>();
    source.answers.set("visual.onnx", async (request, bytes) => {
      tell();
      await go;
      return serve(request, bytes);
    });
    const first = source.pull();
    await asked;
    const { fault: kind, message } = await fault(source.pull());
    assert.deepEqual([kind, /"tiny" is being pulled already/.test(message)], ["busy", true]);
    release();
    await first;
    await intact(source);
    assert.equal(source.requests.length, 5);
  }));

Deno.test("pulling again repairs: what is right is not fetched a second time", () =>
  withSource(async (source) => {
    await source.pull();
    const { dir } = (await installed(source))!;
    await Deno.writeFile(join(dir, "detector.onnx"), new Uint8Array(10));
    await Deno.writeFile(join(dir, "left_over.onnx"), new Uint8Array(10));
    const faults = await verifyPack((await installed(source))!);
    assert.deepEqual(faults.map(({ file }) => file), ["detector.onnx"]);
    assert.match(faults[0].problem, /10 bytes instead of \d+/);
    source.requests.length = 0;
    await source.pull();
    assert.deepEqual(source.requests, ["detector.onnx"]);
    await intact(source);
    await assert.rejects(Deno.stat(join(dir, "left_over.onnx")), Deno.errors.NotFound);
  }));

Deno.test("a pack that was put aside when the power went comes back", () =>
  withSource(async (source) => {
    await source.pull();
    const { dir } = (await installed(source))!;
    await Deno.rename(dir, join(packsDir(source.dataDir), ".pulls", "tiny.old"));
    source.answers.set("visual.onnx", () => new Response(null, { status: 404 }));
    source.requests.length = 0;
    await source.pull();
    assert.deepEqual(source.requests, []);
    await intact(source);
  }));

Deno.test("it comes back as well for whoever opens it", () =>
  withSource(async (source) => {
    await source.pull();
    const { dir } = (await installed(source))!;
    const folder = packsDir(source.dataDir);
    await Deno.rename(dir, join(folder, ".pulls", "tiny.old"));
    const names = { clip: "tiny", faces: "tiny" };
    await openPacks({ modelsDir: null, packsDir: folder, builtinDir: "absent", ...names });
    await intact(source);
  }));

Deno.test("a server that breaks off and then sends another part each time is asked no more", () =>
  withSource(async (source) => {
    let asked = 0;
    source.answers.set("visual.onnx", (request, bytes) => {
      asked++;
      assert(asked < 100, "without end");
      if (!request.headers.has("range")) return cutAfter(10)(request, bytes);
      const headers = { "content-range": `bytes 3-${bytes.length - 1}/${bytes.length}` };
      return new Response(bytes.slice(3), { status: 206, headers });
    });
    assert.equal((await fault(source.pull())).fault, "truncated");
    source.answers.clear();
    await source.pull();
    await intact(source);
  }));

Deno.test("without pinned hashes the first download's are recorded and hold from then on", () =>
  withSource(async (source) => {
    await source.pull();
    const { manifest } = (await installed(source))!;
    assert.match(manifest.roles.visual!.sha256!, /^[0-9a-f]{64}$/);
    assert.equal(manifest.roles.visual!.recorded, true);
    assert.equal(manifest.tokenizer!.bytes, source.files.get("vocabulary.json")!.length);
    const bytes = source.files.get("visual.onnx")!;
    const { dir } = (await installed(source))!;
    await Deno.writeFile(join(dir, "visual.onnx"), new Uint8Array(10));
    source.files.set("visual.onnx", bytes.map((byte) => byte ^ 1));
    assert.equal((await fault(source.pull())).fault, "hash");
    source.files.set("visual.onnx", bytes);
    await source.pull();
    await intact(source);
  }, { pinned: false }));

Deno.test("without pinned hashes a file that changed meanwhile is not pieced together", () =>
  withSource(async (source) => {
    source.answers.set("visual.onnx", cutAfter(10));
    await fault(source.pull());
    const changed = new Uint8Array([...source.files.get("visual.onnx")!, 0x12, 0]);
    source.files.set("visual.onnx", changed);
    // One that ignores If-Range and sends the rest of the new file.
    source.answers.set("visual.onnx", (request, bytes) => {
      const headers = new Headers(request.headers);
      headers.delete("if-range");
      return serve(new Request(request.url, { headers }), bytes);
    });
    await source.pull();
    assert.equal(
      await sizeOf(join(packsDir(source.dataDir), "tiny", "visual.onnx")),
      changed.length,
    );
    await intact(source);
  }, { pinned: false }));

Deno.test("without pinned hashes a page is not taken for a model", () =>
  withSource(async (source) => {
    source.answers.set("detector.onnx", () => new Response("<html>please log in</html>"));
    const { fault: kind, message } = await fault(source.pull());
    assert.equal(kind, "content");
    assert.match(message, /fetched as detector\.onnx is not used: it is no ONNX model/);
    assert.equal(await installed(source), null);
    const manifest = structuredClone(source.manifest);
    manifest.roles.visual!.input = "pixels";
    source.answers.clear();
    assert.match((await fault(source.pull({ manifest }))).message, /inputs are image, .*"pixels"/);
    await source.pull();
    await intact(source);
  }, { pinned: false }));

Deno.test("names and manifests that cannot be pulled are told", () =>
  withSource(async (source) => {
    const builtin = { ...source.manifest, name: "builtin" };
    assert.match((await fault(source.pull({ manifest: builtin }))).message, /"builtin" is a name/);
    for (const name of ["tiny.old", "tiny.LOCK"]) {
      const { message } = await fault(source.pull({ manifest: { ...source.manifest, name } }));
      assert.match(message, /ends like a file that pulls of other packs make/);
    }
    const manifest = structuredClone(source.manifest);
    delete manifest.roles.detector!.url;
    assert.match((await fault(source.pull({ manifest }))).message, /no "url" for detector\.onnx/);
    const from = await Deno.makeTempDir();
    assert.match(
      (await fault(source.pull({ manifest, from }))).message,
      /detector\.onnx is not there, and the manifest says no "url" for it/,
    );
    await Deno.writeFile(join(from, "detector.onnx"), source.files.get("detector.onnx")!);
    await source.pull({ manifest, from });
    await intact(source);
    assert.ok(!source.requests.includes("detector.onnx"));
    await Deno.remove(from, { recursive: true });
  }));
