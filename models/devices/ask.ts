import { fileURLToPath } from "node:url";
import type { ResolvedModels } from "../pack.ts";
import type { Candidate } from "./candidates.ts";
import type { Device } from "./device.ts";
import type { Outcome } from "./verdict.ts";

/** What the hidden sub-command `devices` is asked on its standard input. */
export type Question =
  | { op: "list" }
  | { op: "probe"; device: Device; models: ResolvedModels; threads: number };

/** Models of a gigabyte on a slow GPU are loaded and run within this; a driver that hangs is not. */
const PATIENCE_MS = 300_000;

/** The candidates of this machine; if asking for them crashes, none, and the reason. */
export async function askForCandidates(
  signal?: AbortSignal,
): Promise<Candidate[] | { failure: string }> {
  return await askProcess<Candidate[]>({ op: "list" }, signal);
}

/**
 * Tries a device in a process of its own, so that a driver that crashes or hangs costs nothing. Rejects
 * only if it is interrupted.
 */
export async function askForProbe(
  device: Device,
  models: ResolvedModels,
  signal?: AbortSignal,
): Promise<Outcome> {
  const threads = navigator.hardwareConcurrency;
  return await askProcess<Outcome>({ op: "probe", device, models, threads }, signal);
}

async function askProcess<Answer>(
  question: Question,
  stopping?: AbortSignal,
): Promise<Answer | { failure: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: Deno.build.standalone ? ["devices"] : [
      "run",
      "--quiet",
      "--cached-only",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      "--allow-sys",
      "--allow-ffi",
      fileURLToPath(import.meta.resolve("../../main.ts")),
      "devices",
    ],
    stdin: "piped",
    stdout: "piped",
    // Drivers warn about much that is no business of anybody.
    stderr: "null",
    signal: stopping,
  }).spawn();
  const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  try {
    // A process that died at once closes its input; its end says why.
    await new Response(JSON.stringify(question)).body!.pipeTo(child.stdin).catch(() => {});
    const { stdout, signal, code } = await child.output();
    // Libraries may print what they like before the answer.
    const last = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!;
    // A driver that crashes when the process ends, its work done, does no harm.
    if (last.startsWith("{") || last.startsWith("[")) return JSON.parse(last);
    if (signal === "SIGTERM" || signal === "SIGINT") throw new Error("Interrupted");
    return {
      failure: signal === "SIGKILL"
        ? `it was not done within ${PATIENCE_MS / 1000} s, or something killed it`
        : `the process that tried it ended with ${signal ?? `code ${code}`}`,
    };
  } finally {
    clearTimeout(late);
  }
}
