import { type Database, isConnectionFault } from "../db/client.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { readProgress } from "../jobs/read_progress.ts";
import { sessionResult } from "../jobs/session_result.ts";
import { cancelSession, startSession } from "../jobs/lifecycle.ts";
import { log } from "../log.ts";
import { terminalUser } from "./terminal_user.ts";
import { createScreen, progressLine, progressLines } from "./terminal.ts";

const LOOK_MS = 500;
/** Plain output is for logs: a line when the phase changes, and now and then between. */
const LINE_MS = 5000;

/**
 * Starts a session and shows it until it ends: bars in a terminal, plain lines elsewhere, one JSON
 * object a line with `json`. Cancels it when `stopping` fires. Returns the exit code: 0 clean, 1
 * with failed items, 2 failed, 130 cancelled from outside.
 */
export async function runSession(
  database: Database,
  options: { sessionId: number; json: boolean; stopping: AbortSignal },
): Promise<number> {
  const { db } = database;
  const { sessionId, json, stopping } = options;
  const who = terminalUser();
  await startSession(db, sessionId, who);
  const show = json ? showJson() : Deno.stdout.isTerminal() ? showBars() : showLines();
  for (;;) {
    try {
      if (stopping.aborted) await cancelSession(db, sessionId, who);
      const progress = await readProgress(db, sessionId);
      if (!progress) throw new Error(`Session ${sessionId} was deleted while it ran`);
      show(progress);
      if (["completed", "failed", "cancelled"].includes(progress.overallStatus)) break;
    } catch (error) {
      // The database comes back, and with it the run; whoever cannot wait presses Ctrl-C.
      if (!isConnectionFault(error) || stopping.aborted) throw error;
      log("warn", "the database does not answer; waiting for it", { session: sessionId });
    }
    await rest(stopping);
  }
  const result = await sessionResult(db, sessionId);
  if (json) console.log(JSON.stringify({ type: "result", ...result }));
  else printResult(result);
  if (stopping.aborted) return 130;
  if (result.status !== "completed") return 2;
  return result.outcome === "clean" ? 0 : 1;
}

type Show = (progress: UnifiedProgress) => void;

const showJson = (): Show => (progress) =>
  console.log(JSON.stringify({ type: "progress", ...progress }));

function showBars(): Show {
  const encoder = new TextEncoder();
  const screen = createScreen((text) => Deno.stdout.writeSync(encoder.encode(text)));
  return (progress) => screen(progressLines(progress));
}

function showLines(): Show {
  let shown = { phase: "", at: -Infinity };
  return (progress) => {
    const phase = progress.overallStatus + progress.overallProgress.currentPhase;
    if (phase === shown.phase && performance.now() - shown.at < LINE_MS) return;
    shown = { phase, at: performance.now() };
    console.log(progressLine(progress));
  };
}

function printResult(result: Awaited<ReturnType<typeof sessionResult>>): void {
  const { ledger, counters, failures, failureCount } = result;
  console.log("");
  console.log(`${"".padEnd(16)}${
    ["total", "done", "skipped", "failed", "cancelled", "pending"]
      .map((name) => name.padStart(10)).join("")
  }`);
  for (const [phase, row] of Object.entries(ledger)) {
    const cells = [row.total, row.done, row.skipped, row.failed, row.cancelled, row.pending];
    console.log(
      `${phase.padEnd(16)}${cells.map((cell) => String(cell ?? "–").padStart(10)).join("")}`,
    );
  }
  console.log("");
  console.log(
    `${counters.photos} photos, ${counters.duplicates} near-copies, ${counters.facesFound} faces, ` +
      `${counters.clusters} new groups of faces`,
  );
  if (counters.facesAssigned + counters.facesSuggested > 0) {
    console.log(
      `${counters.facesAssigned} faces of known people, ${counters.facesSuggested} to be asked about`,
    );
  }
  if (result.builtinModels && counters.photos + counters.facesFound > 0) {
    console.log("These results come from the built-in demonstration models.");
  }
  for (const failure of failures) {
    console.log(`failed: ${JSON.stringify(failure.path)}: ${failure.message}`);
  }
  if (failureCount > failures.length) {
    console.log(`… and ${failureCount - failures.length} more`);
  }
  console.log(`${result.status}${result.outcome ? `, ${result.outcome.replace("_", " ")}` : ""}`);
}

function rest(stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stopping.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, LOOK_MS);
    stopping.addEventListener("abort", end);
  });
}
