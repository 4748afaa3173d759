import assert from "node:assert/strict";
import { join } from "node:path";
import { installedPack, packsDir } from "./installed.ts";
import type { Manifest } from "./manifest.ts";
import { fault, type Source, withSource } from "./pull_testing.ts";

const status = (source: Source, status: number, headers: HeadersInit = {}) =>
  source.answers.set("visual.onnx", () => new Response("no", { status, headers }));

function elsewhere({ manifest }: Source, url: string, hosts: string[] = []): Manifest {
  const changed = { ...structuredClone(manifest), hosts };
  changed.roles.visual!.url = url;
  return changed;
}

const redirect = (source: Source, location: string) => status(source, 302, { location });

Deno.test("a refused or lost file says so at once", () =>
  withSource(async (source) => {
    status(source, 403);
    assert.match(
      (await fault(source.pull())).message,
      /refuses the file \(HTTP 403\).*SAFELIGHT_MODELS/,
    );
    status(source, 404);
    assert.match(
      (await fault(source.pull())).message,
      /does not have the file any more \(HTTP 404\)/,
    );
    status(source, 418);
    assert.match((await fault(source.pull())).message, /HTTP 418/);
    assert.equal(source.requests.length, 3);
    assert.equal(await installedPack(source.dataDir, "tiny"), null);
  }));

Deno.test("a server's own fault is tried again a few times, as long as it asks for", () =>
  withSource(async (source) => {
    status(source, 503);
    assert.match((await fault(source.pull())).message, /fault of its own \(HTTP 503\)/);
    assert.equal(source.requests.length, 4);
    source.requests.length = 0;
    status(source, 429, { "retry-after": "3600" });
    assert.match((await fault(source.pull())).message, /come again in 60 minutes/);
    assert.equal(source.requests.length, 1);
    status(source, 503, { "retry-after": new Date(Date.now() + 7.2e6).toUTCString() });
    assert.match((await fault(source.pull())).message, /come again in 1\d\d minutes/);
    let asked = 0;
    const times: number[] = [];
    source.answers.set("visual.onnx", (_, bytes) => {
      times.push(performance.now());
      return asked++ === 0
        ? new Response(null, { status: 503, headers: { "retry-after": "1" } })
        : new Response(bytes);
    });
    await source.pull();
    assert.ok(times[1] - times[0] >= 990, `waited ${times[1] - times[0]} ms`);
  }));

Deno.test("redirects are followed to hosts the manifest names, and to no other", () =>
  withSource(async (source) => {
    const { host } = new URL(source.base);
    const there = `http://localhost:${source.port}/moved/visual.onnx`;
    redirect(source, there);
    const { fault: kind, message } = await fault(source.pull());
    assert.equal(kind, "redirect");
    assert.ok(message.includes(`${host} leads on to localhost:${source.port}, which`), message);
    assert.equal(source.requests.length, 1, "the other host was not asked");
    source.answers.set(
      "visual.onnx",
      (request, bytes) =>
        request.url.includes("/moved/")
          ? new Response(bytes)
          : new Response(null, { status: 307, headers: { location: there } }),
    );
    await source.pull({ manifest: { ...source.manifest, hosts: ["localhost"] } });
    assert.ok(await installedPack(source.dataDir, "tiny"));
  }));

Deno.test("redirects to plain http, or in a circle, are refused", () =>
  withSource(async (source) => {
    redirect(source, "http://example.org/visual.onnx");
    assert.match((await fault(source.pull())).message, /by http:\/\/example\.org; only https/);
    redirect(source, "ftp://example.org/visual.onnx");
    assert.match((await fault(source.pull())).message, /by ftp:\/\/example\.org; only https/);
    redirect(source, "http://[nowhere");
    assert.match(
      (await fault(source.pull())).message,
      /leads on to "http:\/\/\[nowhere", which is no URL/,
    );
    redirect(source, "/visual.onnx");
    assert.match((await fault(source.pull())).message, /leads in a circle/);
    assert.match((await fault(source.pull({ loopback: false }))).message, /only https is accepted/);
  }));

Deno.test("a wildcard takes names below it only", () =>
  withSource(async (source) => {
    redirect(source, "https://cdn.evil-hf.co/visual.onnx");
    const manifest = { ...source.manifest, hosts: ["*.hf.co"] };
    assert.match((await fault(source.pull({ manifest }))).message, /leads on to cdn\.evil-hf\.co/);
  }));

Deno.test("nobody there, and no such name: it says what to look at", () =>
  withSource(async (source) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const refused = await fault(
      source.pull({
        manifest: elsewhere(source, `http://127.0.0.1:${port}/visual.onnx?key=secret`),
      }),
    );
    assert.equal(refused.fault, "offline");
    assert.match(refused.message, /: 127\.0\.0\.1:\d+ cannot be reached \(.*refused.*\); look at/);
    assert.doesNotMatch(refused.message, /secret|url/);
    const unknown = await fault(
      source.pull({ manifest: elsewhere(source, "https://nowhere.invalid/visual.onnx") }),
    );
    assert.match(unknown.message, /nowhere\.invalid cannot be reached \(dns error.*\); look at/);
  }));

Deno.test("a mirror is asked instead, by host and path", () =>
  withSource(async (source) => {
    const asked: string[] = [];
    source.answers.set("visual.onnx", (request, bytes) => {
      asked.push(new URL(request.url).pathname);
      return new Response(bytes);
    });
    const manifest = structuredClone(source.manifest);
    for (const role of [...Object.values(manifest.roles), manifest.tokenizer]) {
      role!.url = role!.url!.replace(/^.*\//, "https://models.example/a/");
    }
    await source.pull({ manifest, mirror: `${source.base}mirror/`, loopback: false });
    assert.deepEqual(asked, ["/mirror/models.example/a/visual.onnx"]);
  }));

Deno.test("too little room is seen before anything is fetched", () =>
  withSource(async (source) => {
    const { fault: kind, message } = await fault(source.pull({ reserve: 1e18 }));
    assert.equal(kind, "room");
    assert.match(
      message,
      /MB of "tiny" are still to be fetched, .* MB are to stay free, and .* MB; make/,
    );
    assert.deepEqual(source.requests, []);
  }));

/** Only root may mount the small disk of this test. */
const ignore = Deno.build.os !== "linux" || Deno.uid() !== 0;

Deno.test(
  "a disk that fills up keeps what is there, and the pull goes on with room",
  { ignore },
  () =>
    withSource(async (source) => {
      const disk = await Deno.makeTempDir();
      await mount("-t", "tmpfs", "-o", "size=600k", "tmpfs", disk);
      try {
        const { manifest } = source;
        const visual = source.files.get("visual.onnx")!;
        const padded = new Uint8Array(1_000_000);
        padded.set(visual);
        // Field 2 of ModelProto, producer_name: a string that fills the rest.
        const rest = padded.length - visual.length;
        padded.set([0x12, ...varint(rest - 4)], visual.length);
        source.files.set("visual.onnx", padded);
        const dataDir = join(disk, "data");
        const { fault: kind, message } = await fault(source.pull({ dataDir, manifest }));
        assert.equal(kind, "room");
        assert.match(message, /is full; make room and pull "tiny" again to go on/);
        const part = join(packsDir(dataDir), ".pulls", "tiny", "visual.onnx");
        const { size } = await Deno.stat(part);
        assert.ok(size > 100_000, `${size} bytes were kept`);
        await mount("-o", "remount,size=8m", disk);
        source.requests.length = 0;
        await source.pull({ dataDir, manifest });
        assert.match(source.requests[0], /^visual\.onnx bytes=\d{6}-$/);
        assert.ok(await installedPack(dataDir, "tiny"));
      } finally {
        await new Deno.Command("umount", { args: [disk] }).output();
        await Deno.remove(disk, { recursive: true });
      }
    }, { pinned: false }),
);

const varint = (value: number) => [value & 127 | 128, value >> 7 & 127 | 128, value >> 14];

async function mount(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("mount", { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
