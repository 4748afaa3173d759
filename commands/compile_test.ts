import assert from "node:assert/strict";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { compileArguments, INCLUDED } from "./compile.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ROOMS = ["commands", "db", "jobs", "models", "routes", "views"];

// Every way the sources name a file of their own beside imports.
const FILE = /new URL\(\s*"([^"]+)",\s*import\.meta\.url\s*\)|import\.meta\.resolve\("([^"]+)"\)/g;
const META = /import\.meta\.(?!main\b)\w+/g;
// Packages travel whole, so what is looked up in them does as well.
const PACKAGE = /createRequire\(import\.meta\.url\)/g;

interface Source {
  path: string;
  text: string;
}

async function sources(): Promise<Source[]> {
  const found: Source[] = [];
  const look = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
      const path = join(folder, name);
      if (isDirectory) await look(path);
      else if (/\.tsx?$/.test(name) && !/(_test|^testing|^test_support)\.tsx?$/.test(name)) {
        found.push({ path, text: await Deno.readTextFile(join(ROOT, path)) });
      }
    }
  };
  for (const room of ROOMS) await look(room);
  for (const path of ["main.ts", "config.ts", "log.ts"]) {
    found.push({ path, text: await Deno.readTextFile(join(ROOT, path)) });
  }
  return found;
}

/** What makes the program, and is no part of it. */
const MAKERS = ["commands/compile.ts", "commands/mend_postgres.ts"];

/** Files and folders a source names, relative to the repository; packages left out. */
const named = ({ path, text }: Source) =>
  [...text.matchAll(FILE)].map(([, url, resolved]) => url ?? resolved)
    .filter((name) => name.startsWith("."))
    .map((name) => normalize(join(dirname(path), name)).replace(/\/$/, ""));

const covered = (path: string) =>
  INCLUDED.some((included) => path === included || path.startsWith(`${included}/`));

Deno.test("whatever the sources open beside imports travels into the compiled program", async () => {
  const found = (await sources()).filter(({ path }) => !MAKERS.includes(path));
  const files = found.flatMap((source) => named(source).map((file) => ({ file, source })));
  // main.ts is the compiled program itself.
  const forgotten = files.filter(({ file }) => file !== "main.ts" && !covered(file));
  assert.deepEqual(
    forgotten.map(({ file, source }) => `${source.path} opens ${file}: add it to INCLUDED`),
    [],
  );
  for (const path of INCLUDED) {
    assert(files.some(({ file }) => file === path), `nothing opens "${path}" any more`);
    await Deno.stat(join(ROOT, path));
  }
});

Deno.test("no source names a file in a way the test above does not see", async () => {
  for (const { path, text } of await sources()) {
    const seen = [...text.matchAll(FILE), ...text.matchAll(PACKAGE)].length;
    const all = [...text.matchAll(META)].length;
    assert.equal(all, seen, `${path}: import.meta is used in a form this test does not know`);
    // deno compile follows an import only if its argument is a string.
    const computed = text.match(/\bimport\((?!\s*")[^)]*\)/);
    assert.equal(computed, null, `${path}: ${computed?.[0]} cannot be followed when compiling`);
    // The addresses of threads come from `new URL` or `resolve`, here or at the caller.
    for (const [, first] of text.matchAll(/new Worker\(\s*([^\s,]+)/g)) {
      assert.match(first, /^(url|import\.meta\.resolve\(".+"\))$/, `${path}: new Worker(${first}`);
    }
  }
});

Deno.test("what is left out are places of this checkout, never this system's own runtime", async () => {
  const args = await compileArguments(ROOT, "dist/safelight");
  const excluded = args.filter((_, index) => args[index - 1] === "--exclude");
  for (const path of excluded) {
    assert(path.startsWith(join("node_modules", ".deno")), path);
    await Deno.stat(join(ROOT, path));
  }
  const { os, arch } = Deno.build;
  const runtime = await Deno.realPath(join(ROOT, "node_modules", "onnxruntime-node", "bin"));
  const own = join(
    relative(await Deno.realPath(ROOT), runtime),
    "napi-v6",
    os === "windows" ? "win32" : os,
    arch === "aarch64" ? "arm64" : "x64",
  );
  await Deno.stat(join(ROOT, own));
  assert(excluded.some((path) => path.startsWith(dirname(dirname(own)))), "foreign ones go");
  assert(!excluded.some((path) => own === path || own.startsWith(`${path}/`)), "ours stays");
});
