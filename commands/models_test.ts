import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eq } from "drizzle-orm";
import { sessions } from "../db/schema.ts";
import { testDatabase } from "../db/testing.ts";
import { readChosen } from "../models/chosen.ts";
import { packsDir } from "../models/installed.ts";
import { type Source, withSource } from "../models/pull_testing.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

interface Run {
  code: number;
  out: string;
  err: string;
}

function start(
  { dataDir, base }: Source,
  { args, env = {} }: { args: string[]; env?: Record<string, string> },
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "models", ...args, "--data", dataDir],
    env: {
      SAFELIGHT_MODELS_MIRROR: base,
      SAFELIGHT_MODELS: "",
      SAFELIGHT_MIN_FREE_MB: "0",
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function models(
  source: Source,
  args: string[],
  env: Record<string, string> = {},
): Promise<Run> {
  const { code, stdout, stderr } = await start(source, { args, env }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Writes the source's manifest, changed, as a user would: its URLs lead to the mirror. */
async function ownManifest(source: Source, changes: object = {}): Promise<string> {
  const manifest = structuredClone(source.manifest);
  for (const part of [...Object.values(manifest.roles), manifest.tokenizer]) {
    part!.url = part!.url!.replace(source.base, "https://models.example/");
  }
  const dir = await Deno.makeTempDir({ dir: join(source.dataDir, "..") });
  await Deno.writeTextFile(join(dir, "manifest.json"), JSON.stringify({ ...manifest, ...changes }));
  return dir;
}

Deno.test("a pack of one's own is pulled, listed, verified, damaged and repaired", () =>
  withSource(async (source) => {
    const own = await ownManifest(source);
    const pulled = await models(source, ["pull", own]);
    assert.equal(pulled.code, 0, pulled.err);
    assert.match(
      pulled.out,
      /100\.0 % {2}installing.*\nInstalled tiny; work with it: .* use tiny\n$/,
    );
    const listed = JSON.parse((await models(source, ["list", "--json"])).out);
    const [tiny] = listed.packs;
    assert.deepEqual(
      [tiny.name, tiny.state, tiny.understands, tiny.pinned],
      ["tiny", "installed", ["pictures and words", "faces"], true],
    );
    assert.deepEqual(listed.packs.slice(1).map(({ state }: { state: string }) => state), [
      "available",
      "available",
      "available",
      "available",
    ]);
    assert.match((await models(source, ["verify"])).out, /^ok {4}tiny: 5 files\n$/);
    await Deno.writeFile(join(packsDir(source.dataDir), "tiny/textual.onnx"), new Uint8Array(3));
    const damaged = await models(source, ["verify", "tiny"]);
    assert.equal(damaged.code, 1);
    assert.match(
      damaged.out,
      /fails tiny: textual\.onnx: it has 3 bytes instead of \d+\n +repair it/,
    );
    source.requests.length = 0;
    assert.equal((await models(source, ["pull", "tiny"])).code, 0);
    assert.deepEqual(source.requests, ["textual.onnx"]);
    assert.equal((await models(source, ["verify"])).code, 0);
  }));

Deno.test("a killed pull is taken up where it was", () =>
  withSource(async (source) => {
    const own = await ownManifest(source);
    const bytes = source.files.get("textual.onnx")!;
    const { promise: sent, resolve: tell } = Promise.withResolvers<void>();
    source.answers.set("textual.onnx", () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(bytes.slice(0, 100));
            tell();
          },
        }),
        { headers: { "content-length": String(bytes.length), etag: '"one"' } },
      ));
    const child = start(source, { args: ["pull", own] });
    await sent;
    const part = join(packsDir(source.dataDir), ".pulls/tiny/textual.onnx");
    while ((await Deno.stat(part).catch(() => null))?.size !== 100) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGKILL");
    await child.output();
    source.answers.clear();
    source.requests.length = 0;
    const again = await models(source, ["pull", own]);
    assert.equal(again.code, 0, again.err);
    assert.equal(source.requests[0], "textual.onnx bytes=100-");
    assert.equal((await models(source, ["verify"])).code, 0);
  }));

Deno.test("Ctrl-C ends a pull with 130 and keeps what is there", () =>
  withSource(async (source) => {
    const own = await ownManifest(source);
    const { promise: asked, resolve: tell } = Promise.withResolvers<void>();
    source.answers.set("textual.onnx", () => {
      tell();
      return new Response(new ReadableStream({ start() {} }));
    });
    const child = start(source, { args: ["pull", own] });
    await asked;
    child.kill("SIGINT");
    const { code, stderr } = await child.output();
    assert.equal(code, 130);
    assert.match(new TextDecoder().decode(stderr), /"tiny" was stopped; pull it again/);
    const part = join(packsDir(source.dataDir), ".pulls/tiny/visual.onnx");
    assert.equal((await Deno.stat(part)).size, source.files.get("visual.onnx")!.length);
  }));

Deno.test("a licence that forbids commercial use is agreed to by a flag where nobody can be asked", () =>
  withSource(async (source) => {
    const licence = { name: "Research only", url: "https://example.org/l", nonCommercial: true };
    const own = await ownManifest(source, { licence });
    const refused = await models(source, ["pull", own]);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /forbids commercial use: Research only.*--accept-licence\n$/);
    assert.deepEqual(source.requests, []);
    assert.equal((await models(source, ["pull", own, "--accept-licence"])).code, 0);
  }));

Deno.test("a pack is used once its graphs have run, and builtin leads back", () =>
  withSource(async (source) => {
    const database = await testDatabase();
    const env = { DATABASE_URL: database.url };
    try {
      const missing = await models(source, ["use", "tiny"], env);
      assert.match(missing.err, /"tiny" is not installed; installed are: none/);
      assert.match(
        (await models(source, ["use", "buffalo_s"], env)).err,
        /models pull buffalo_s" first/,
      );
      await models(source, ["pull", await ownManifest(source)]);
      const used = await models(source, ["use", "tiny"], env);
      assert.equal(used.code, 0, used.err);
      assert.match(used.out, /^In use: tiny for pictures and words, tiny for faces\n/);
      assert.deepEqual(await readChosen(source.dataDir), { clip: "tiny", faces: "tiny" });
      assert.match((await models(source, ["list"])).out, /^tiny +in use .*faces +MIT\n/);
      const elsewhere = { ...env, SAFELIGHT_MODELS: packsDir(source.dataDir) };
      const fixed = await models(source, ["use", "builtin"], elsewhere);
      assert.match(fixed.err, /SAFELIGHT_MODELS names ".*unset it/);
      assert.equal((await models(source, ["use", "builtin"], env)).code, 0);
      assert.deepEqual(await readChosen(source.dataDir), { clip: null, faces: null });
      await Deno.writeTextFile(join(packsDir(source.dataDir), "chosen.json"), "[");
      const listed = await models(source, ["list"]);
      assert.equal(listed.code, 0);
      assert.match(listed.err, /Cannot read which models were chosen/);
      assert.match(listed.out, /^tiny +installed .*\n\nIn use: unknown, since the choice cannot/s);
      assert.match((await models(source, ["use", "tiny"], env)).err, /Cannot read which models/);
      const back = await models(source, ["use", "builtin"], env);
      assert.equal(back.code, 0, back.err);
      assert.deepEqual(await readChosen(source.dataDir), { clip: null, faces: null });
      // Nothing is in the library: there is nothing to run over.
      const runs = await database.db.select().from(sessions).where(eq(sessions.kind, "models"));
      assert.equal(runs.length, 0);
    } finally {
      await database.drop();
    }
  }));

Deno.test("graphs that are no use are not chosen", () =>
  withSource(async (source) => {
    const manifest = structuredClone(source.manifest.roles);
    manifest.visual!.dimension = manifest.textual!.dimension = 7;
    const database = await testDatabase();
    try {
      await models(source, ["pull", await ownManifest(source, { roles: withUrls(manifest) })]);
      const used = await models(source, ["use", "tiny"], { DATABASE_URL: database.url });
      assert.equal(used.code, 2);
      assert.match(
        used.err,
        /"tiny" cannot be used \(The graph gave \[1, 3\], expected vectors of 7/,
      );
      assert.deepEqual(await readChosen(source.dataDir), { clip: null, faces: null });
    } finally {
      await database.drop();
    }
    function withUrls(roles: typeof manifest): typeof manifest {
      for (const role of Object.values(roles)) {
        role!.url = role!.url!.replace(source.base, "https://models.example/");
      }
      return roles;
    }
  }));

Deno.test("what cannot be understood is told with what can be", () =>
  withSource(async (source) => {
    const refused = async (args: string[], why: RegExp) => {
      const { code, err } = await models(source, args);
      assert.equal(code, 2);
      assert.match(err, why);
    };
    await refused([], /Say what to do with models:/);
    await refused(["pull", "nonesuch"], /no pack "nonesuch".*by name: clip-vit-b-32, yunet-sface/);
    await refused(["verify", "a", "b"], /no use for "b"/);
    await refused(["verify", "nonesuch"], /"nonesuch" is not installed; installed are: none/);
  }));
