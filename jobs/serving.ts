import { eq } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { type PhaseName, phases, type PhaseStatus } from "../db/schema.ts";
import {
  lacksScans,
  lacksVectors,
  readServing,
  type Serving,
  writeServing,
} from "../db/serving_queries.ts";
import type { Ending } from "./phase_history.ts";
import type { Session } from "./session_state.ts";

/**
 * Lets the models of this worker answer searches, or show people, if the phase that has just been
 * completed was the last thing missing for that: in the transaction that ends it. A run after a
 * change of models has tried every photo, and those it could not read must not keep the former
 * models for ever; after anything else, no photo may be without a result. The library is looked
 * through only while other models answer.
 */
export async function switchServing(tx: Tx, { session, phase, worker }: Ending): Promise<void> {
  const { clip, faces } = worker.models;
  const serving = await readServing(tx);
  const changes: Partial<Serving> = {};
  if (phase.name === "training" && serving.clip !== clip.key) {
    if (session.kind === "models" || !await lacksVectors(tx, clip.key)) changes.clip = clip.key;
  }
  if (serving.faces !== faces.key) {
    const rows = await tx.select({ name: phases.name, status: phases.status }).from(phases)
      .where(eq(phases.sessionId, session.id));
    const status = new Map(rows.map(({ name, status }) => [name, status]));
    if (phase.name === lastForFaces(session, status)) {
      const looked = session.skipFaceDetection || status.get("face_detection") === "completed";
      const tried = session.kind === "models" && looked;
      if (tried || !await lacksScans(tx, faces.key)) changes.faces = faces.key;
    }
  }
  if (Object.keys(changes).length > 0) await writeServing(tx, changes);
}

// People are shown in groups: grouping is the end, unless it is left out. Where nobody ever looked
// for faces (see useModels) there are none to wait for.
function lastForFaces(session: Session, status: Map<PhaseName, PhaseStatus>): PhaseName | null {
  if (status.get("clustering") !== "skipped") return "clustering";
  if (status.get("face_detection") !== "skipped") return "face_detection";
  return session.kind === "models" && session.skipFaceDetection ? "training" : null;
}
