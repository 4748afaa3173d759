import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { ResolvedModels } from "../pack.ts";
import { type Candidate, candidateShape } from "./candidates.ts";
import type { Device } from "./device.ts";
import { type Outcome, outcomeShape } from "./verdict.ts";

/** What the hidden sub-command `devices` is asked on its standard input. */
export type Question =
  | { op: "list" }
  | { op: "probe"; device: Device; models: ResolvedModels; threads: number };

/** Models of a gigabyte on a slow GPU are loaded and run within this; a driver that hangs is not. */
const PATIENCE_MS = 300_000;

/** The candidates of this machine, or why they cannot be known. Rejects only if it is interrupted. */
export async function askForCandidates(
  signal?: AbortSignal,
): Promise<Candidate[] | { failure: string }> {
  return await askProcess({ op: "list" }, z.array(candidateShape), signal);
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
  return await askProcess({ op: "probe", device, models, threads }, outcomeShape, signal);
}

async function askProcess<Answer>(
  question: Question,
  shape: z.ZodType<Answer>,
  stopping?: AbortSignal,
): Promise<Answer | { failure: string }> {
  if (stopping?.aborted) throw new Error("Interrupted");
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
  const late = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It ended at this very moment, which is all that is wanted.
    }
  }, PATIENCE_MS);
  try {
    // A process that died at once closes its input; its end says why.
    await new Response(JSON.stringify(question)).body!.pipeTo(child.stdin).catch(() => {});
    const { stdout, signal, code } = await child.output();
    // Also one that ends with a code of its own.
    if (stopping?.aborted) throw new Error("Interrupted");
    // A driver that crashes when the process ends, its work done, does no harm.
    const answer = answerIn(new TextDecoder().decode(stdout), shape);
    if (answer !== null) return answer;
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

// Drivers print what they like before the answer and, when the process ends, behind it.
function answerIn<Answer>(output: string, shape: z.ZodType<Answer>): Answer | null {
  for (const line of output.split("\n").reverse()) {
    try {
      const { data } = shape.safeParse(JSON.parse(line));
      if (data !== undefined) return data;
    } catch {
      // No JSON, so not the answer.
    }
  }
  return null;
}
