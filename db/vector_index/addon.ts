import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type hnswlib from "hnswlib-node";

const require = createRequire(import.meta.url);

/** Where a package lies. */
export const packageDir = (name: string) => dirname(require.resolve(`${name}/package.json`));

/** Where `bindings` looks for the addon, and beside it what machine it was built for. */
export function addonFiles(): { addon: string; machine: string } {
  const folder = join(packageDir("hnswlib-node"), "build", "Release");
  return { addon: join(folder, "addon.node"), machine: join(folder, "machine.txt") };
}

/**
 * What an addon built with -march=native depends on. Code for another processor ends the process
 * with SIGILL, which nothing can catch: a folder copied to other hardware must be built again.
 */
export function thisMachine(): string {
  const { os, arch } = Deno.build;
  let flags = "";
  try {
    const found = Deno.readTextFileSync("/proc/cpuinfo").match(/^(?:flags|Features)\s*:.*$/m);
    flags = createHash("sha256").update(found?.[0] ?? "").digest("hex").slice(0, 12);
  } catch (error) {
    // Only Linux has it; elsewhere the architecture must do.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return `${os} ${arch} ${flags}`.trim();
}

/**
 * hnswlib, or null where `deno task build` has not built it, has built it on another machine, or
 * the result cannot be loaded.
 */
export function loadHnswlib(): typeof hnswlib | null {
  try {
    if (readFileSync(addonFiles().machine, "utf8") !== thisMachine()) return null;
    return require("hnswlib-node");
  } catch {
    // Not there, or not loadable: the exact scan gives the same answers, and `deno task build` says why.
    return null;
  }
}

/** The C++ compiler there is: CXX, g++, c++ or clang++; null if there is none. */
export async function findCompiler(): Promise<string | null> {
  for (const name of [Deno.env.get("CXX"), "g++", "c++", "clang++"]) {
    if (!name) continue;
    try {
      const run = new Deno.Command(name, {
        args: ["--version"],
        stdout: "null",
        stderr: "null",
      });
      if ((await run.output()).success) return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return null;
}
