import type { Question } from "../models/devices/ask.ts";
import { listCandidates } from "../models/devices/candidates.ts";
import { plainReason } from "../models/devices/reason.ts";

/**
 * `devices`: answers one question about this machine's devices, JSON on standard input, with a line of
 * JSON, in a process that a driver may crash. For the program's own use.
 */
export async function devicesCommand(): Promise<number> {
  const question: Question = await new Response(Deno.stdin.readable).json();
  const answer = question.op === "list"
    ? await listCandidates()
    : await (await import("../models/devices/probe.ts")).probeDevice(question).catch((
      error: Error,
    ) => ({ failure: plainReason(error) }));
  console.log(JSON.stringify(answer));
  return 0;
}
