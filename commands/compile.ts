import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildHnswlib } from "./build_addons.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * What the program opens at run time and no import names, relative to the repository: folders it
 * reads and the scripts of its threads. A test compares this with the sources.
 */
export const INCLUDED = [
  "db/migrations",
  "db/vector_index/thread.ts",
  "jobs/clustering/products_thread.ts",
  "jobs/clustering/sweep_thread.ts",
  "jobs/clustering/thread.ts",
  "models/builtin",
  "models/decode_thread.ts",
  "models/inference_thread.ts",
  "routes/folder_counter_thread.ts",
  "routes/pulls_thread.ts",
];

/** Packages that only tests and development need. */
export const DEVELOPMENT = [
  "@electric-sql/pglite",
  "@electric-sql/pglite-pgvector",
  "@electric-sql/pglite-socket",
  "axe-core",
  "drizzle-kit",
  "fast-check",
  "playwright-core",
];

// ONNX Runtime's package carries the libraries of five systems, 290 MB; one of them is used.
const RUNTIMES = join("node_modules", "onnxruntime-node", "bin", "napi-v6");

/**
 * The arguments of `deno compile` for this machine, as paths below `root`. All permissions: they are
 * fixed when compiling, and the data directory, the only place to write to, is not known then.
 */
export async function compileArguments(root: string, output: string): Promise<string[]> {
  const excluded = await Promise.all([
    ...DEVELOPMENT.map((name) => place(root, join("node_modules", name))),
    ...(await foreignRuntimes(root)).map((path) => place(root, path)),
  ]);
  return [
    "compile",
    "--allow-all",
    "--no-check",
    "--frozen",
    // Native libraries are found beside the addons that need them only as files on a disk.
    "--self-extracting",
    ...INCLUDED.flatMap((path) => ["--include", path]),
    ...excluded.filter((path) => path !== null).flatMap((path) => ["--exclude", path]),
    "--output",
    output,
    "main.ts",
  ];
}

async function foreignRuntimes(root: string): Promise<string[]> {
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  const system = Deno.build.os === "windows" ? "win32" : Deno.build.os;
  const own = join(RUNTIMES, system, arch);
  const found: string[] = [];
  for await (const os of Deno.readDir(join(root, RUNTIMES))) {
    for await (const machine of Deno.readDir(join(root, RUNTIMES, os.name))) {
      const path = join(RUNTIMES, os.name, machine.name);
      if (path !== own) found.push(path);
    }
  }
  return found;
}

// --exclude knows files by where they lie; the folders of node_modules are links.
async function place(root: string, path: string): Promise<string | null> {
  try {
    return relative(await Deno.realPath(root), await Deno.realPath(join(root, path)));
  } catch (error) {
    // Of the development packages only those are there that somebody has used.
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Compiles the program into one file, `dist/safelight` unless told otherwise; returns the exit code. */
async function main([output = "dist/safelight"]: string[]): Promise<number> {
  console.log(await buildHnswlib());
  await Deno.mkdir(dirname(join(ROOT, output)), { recursive: true });
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: await compileArguments(ROOT, output),
    cwd: ROOT,
  }).spawn().status;
  return code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
