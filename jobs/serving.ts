import { eq, sql } from "drizzle-orm";
import type { Tx } from "../db/client.ts";
import { type PhaseName, phases, type PhaseStatus } from "../db/schema.ts";
import {
  lacksScans,
  lacksVectors,
  readServing,
  type Serving,
  shownFaces,
  writeServing,
} from "../db/serving_queries.ts";
import { carryOver } from "./people/carry_over.ts";
import type { Ending } from "./phase_history.ts";
import { LEASE_SECONDS } from "./queue/leases.ts";
import type { WorkerIdentity } from "./queue/workers.ts";
import type { Session } from "./session_state.ts";

/**
 * Lets the models of this worker answer searches, or show people, if the phase that has just been
 * completed was the last thing missing for that: in the transaction that ends it. A run after a
 * change of models has tried every photo, and those it could not read must not keep the former
 * models for ever; after anything else, no photo may be without a result, and the models must not be
 * those of a worker that has still to hear of another choice. The library is looked through only
 * while other models answer. Names go with the faces (see carryOver).
 */
export async function switchServing(tx: Tx, { session, phase, worker }: Ending): Promise<void> {
  const { clip, faces } = worker.models;
  const serving = await readServing(tx);
  const superseded = session.kind === "models"
    ? { clip: false, faces: false }
    : await othersChosen(tx, worker);
  const changes: Partial<Serving> = {};
  if (phase.name === "training" && serving.clip !== clip.key && !superseded.clip) {
    if (session.kind === "models" || !await lacksVectors(tx, clip.key)) changes.clip = clip.key;
  }
  if (serving.faces !== faces.key && !superseded.faces) {
    const rows = await tx.select({ name: phases.name, status: phases.status }).from(phases)
      .where(eq(phases.sessionId, session.id));
    const status = new Map(rows.map(({ name, status }) => [name, status]));
    if (phase.name === lastForFaces(session, status)) {
      const looked = session.skipFaceDetection || status.get("face_detection") === "completed";
      const tried = session.kind === "models" && looked;
      if (tried || !await lacksScans(tx, faces.key)) changes.faces = faces.key;
    }
  }
  if (changes.faces) {
    // What was said about the faces that were shown until now holds for those that are shown next.
    const shown = await shownFaces(tx);
    if (shown !== null) await carryOver(tx, { from: shown, to: changes.faces });
  }
  if (Object.keys(changes).length > 0) await writeServing(tx, changes);
}

// What was chosen last is what the last run is for, as long as that is open or somebody works with
// it. Otherwise the models have changed without a choice: by SAFELIGHT_MODELS or with the program.
async function othersChosen(tx: Tx, { models }: WorkerIdentity) {
  const [row] = await tx.execute<{ clip: boolean; faces: boolean }>(sql`
    select clip_model <> ${models.clip.key} as clip, face_model <> ${models.faces.key} as faces
    from (select * from sessions where kind = 'models' order by id desc limit 1) s
    where status in ('pending', 'discovering', 'running', 'paused')
      or exists (select from workers w where ${BEATING}
        and (w.clip_model, w.face_model) = (s.clip_model, s.face_model))`);
  return row ?? { clip: false, faces: false };
}

/**
 * True while a worker with other models than this one's may still add photos that a run after a
 * change of models, whose turn it is, would never see. Other workers hear of a choice within seconds
 * and finish what they have in hand; one that works on after two minutes will not change.
 */
export async function formerAtWork(
  tx: Tx,
  { session, models }: { session: Session; models: WorkerIdentity["models"] },
): Promise<boolean> {
  const [{ former }] = await tx.execute<{ former: boolean }>(sql`
    select exists (select from workers w join sessions s on s.id = ${session.id}
      where ${BEATING} and s.started_at > now() - interval '2 minutes'
        and (w.clip_model, w.face_model) <> (${models.clip.key}, ${models.faces.key})) as former`);
  return former;
}

const BEATING = sql`w.beat_at > now() - ${`${LEASE_SECONDS} seconds`}::interval`;

// People are shown in groups: grouping is the end, unless it is left out. Where nobody ever looked
// for faces (see useModels) there are none to wait for.
function lastForFaces(session: Session, status: Map<PhaseName, PhaseStatus>): PhaseName | null {
  if (status.get("clustering") !== "skipped") return "clustering";
  if (status.get("face_detection") !== "skipped") return "face_detection";
  return session.kind === "models" && session.skipFaceDetection ? "training" : null;
}
