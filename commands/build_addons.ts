import { dirname, join } from "node:path";
import { addonFiles, findCompiler, packageDir, thisMachine } from "../db/vector_index/addon.ts";

/**
 * Builds hnswlib-node's addon from its one source: the package ships neither a binary nor an
 * install script. Returns one line that says what was done. Without a compiler nothing is built, and
 * search uses the exact scan. Throws if the compiler fails, with what it said.
 */
export async function buildHnswlib(): Promise<string> {
  const { addon, machine } = addonFiles();
  const wanted = thisMachine();
  if (await isFile(addon) && await textOf(machine) === wanted) {
    return "hnswlib is built already";
  }
  const compiler = await findCompiler();
  if (!compiler) {
    return "hnswlib is not built: there is no C++ compiler (g++, c++ or clang++; CXX names another). " +
      "Search compares every vector instead: the same results, slower above 50,000 photos";
  }
  const started = performance.now();
  await Deno.mkdir(dirname(addon), { recursive: true });
  const partial = `${addon}.${crypto.randomUUID().slice(0, 8)}`;
  const { success, stderr } = await new Deno.Command(compiler, {
    args: [
      "-O3",
      // hnswlib chooses between SSE, AVX and AVX-512 when it is compiled.
      "-march=native",
      "-std=c++17",
      "-shared",
      "-fPIC",
      ...(Deno.build.os === "darwin" ? ["-undefined", "dynamic_lookup"] : []),
      "-DNODE_GYP_MODULE_NAME=addon",
      "-DBUILDING_NODE_EXTENSION",
      "-DNAPI_DISABLE_CPP_EXCEPTIONS",
      `-I${join(packageDir("node-api-headers"), "include")}`,
      `-I${packageDir("node-addon-api")}`,
      "-o",
      partial,
      join(packageDir("hnswlib-node"), "src", "addon.cc"),
    ],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`Cannot build hnswlib with ${compiler}:\n${new TextDecoder().decode(stderr)}`);
  }
  // The machine's name comes last: it vouches for the addon beside it.
  await Deno.rename(partial, addon);
  await Deno.writeTextFile(machine, wanted);
  return `hnswlib was built in ${((performance.now() - started) / 1000).toFixed(1)} s`;
}

const isFile = async (path: string) => (await Deno.stat(path).catch(() => null))?.isFile ?? false;
const textOf = (path: string) => Deno.readTextFile(path).catch(() => null);

if (import.meta.main) {
  try {
    console.log(await buildHnswlib());
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
