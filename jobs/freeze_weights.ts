import { and, eq, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { type PhaseName, phases, sessions } from "../db/schema.ts";
import { countUnscanned } from "../db/serving_queries.ts";
import type { Opening } from "./open_phase.ts";
import { expectedSeconds } from "./phase_history.ts";
import { DEFAULT_WEIGHTS } from "./progress.ts";

/**
 * Fixes what share of the percentage each phase has, and the seconds it should take, at the first
 * moment at which the number of items is known.
 */
export async function freezeWeights(tx: Tx, opening: Opening): Promise<void> {
  const { session, worker } = opening;
  const { kind } = session;
  const items = await countItems(tx, opening);
  const expected = (phase: PhaseName, items: number) =>
    expectedSeconds(tx, { worker, kind, phase, items });
  const seconds = {
    training: items.training === 0 ? 0 : await expected("training", items.training),
    face_detection: await expected("face_detection", items.faces),
    clustering: await expected("clustering", items.faces),
  };
  for (const [name, value] of Object.entries(seconds)) {
    await tx.update(phases).set({ expectedSeconds: value })
      .where(and(eq(phases.sessionId, session.id), eq(phases.name, name as PhaseName)));
  }
  const { training, face_detection, clustering } = seconds;
  const weights = training !== null && face_detection && clustering
    ? { training, face_detection, clustering, measured: true }
    : {
      ...DEFAULT_WEIGHTS,
      // A phase that has nothing to do, since only the other pack is a new one.
      ...(kind === "models" && items.training === 0 ? { training: 0 } : {}),
      ...(kind === "models" && items.faces === 0 ? { face_detection: 0 } : {}),
    };
  await tx.update(sessions).set({ weights }).where(eq(sessions.id, session.id));
}

/** What is there to do: files to train, and the items that the times of faces are foretold by. */
async function countItems(
  tx: Tx,
  { session, phase, worker }: Opening,
): Promise<{ training: number; faces: number }> {
  const [{ items }] = await tx.execute<{ items: number }>(sql`
    select count(*)::int as items from jobs
    where session_id = ${session.id} and phase = ${phase} and state in ('queued', 'running')`);
  if (session.kind === "folders") return { training: items, faces: items };
  if (session.kind !== "models") return { training: 0, faces: items };
  if (session.skipFaceDetection) return { training: items, faces: 0 };
  return { training: items, faces: await countUnscanned(tx, worker.models.faces.key) };
}
