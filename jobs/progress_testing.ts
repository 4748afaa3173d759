import type { PhaseName, PhaseStatus } from "../db/schema.ts";
import { phaseRow } from "./session_model.ts";
import type { PhaseRow, ProgressInput } from "./progress.ts";

/** When it is in these tests. */
export const now = new Date("2030-01-01T12:00:00Z");
export const before = (seconds: number) => new Date(now.getTime() - seconds * 1000);

/** A phase by its fields, or by its status alone. */
export type Fields = Partial<PhaseRow> | PhaseStatus;

/** An input out of the four phases in their order. */
export function input(phases: [Fields, Fields, Fields, Fields], rest: Partial<ProgressInput> = {}) {
  const names: PhaseName[] = ["discovery", "training", "face_detection", "clustering"];
  return {
    session: { id: 7, round: 1, weights: null, error: null },
    phases: names.map((name, index) => {
      const fields = phases[index];
      return phaseRow(name, typeof fields === "string" ? { status: fields } : fields);
    }),
    worker: { lastSeenAt: before(1), alive: true, device: "cpu", stillSeconds: null },
    now,
    ...rest,
  };
}

/** A phase that did all it had to do. */
export const found = (total: number): Fields => ({ status: "completed", total, done: total });
