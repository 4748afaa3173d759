export const SESSION_STATUSES = [
  "pending",
  "discovering",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
] as const;
export type SessionStatus = typeof SESSION_STATUSES[number];

export const PHASE_NAMES = ["discovery", "training", "face_detection", "clustering"] as const;
export type PhaseName = typeof PHASE_NAMES[number];

export const PHASE_STATUSES = [
  "pending",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
  "skipped",
] as const;
export type PhaseStatus = typeof PHASE_STATUSES[number];

export const JOB_STATES = ["queued", "running", "done", "skipped", "failed", "cancelled"] as const;
export type JobState = typeof JOB_STATES[number];

/**
 * What a session is made of: a walk over folders, one phase again over what exists, or, after a
 * change of models, all that the new ones have not seen.
 */
export const SESSION_KINDS = ["folders", "faces", "clustering", "models"] as const;
export type SessionKind = typeof SESSION_KINDS[number];

/** Why the program itself holds a session back until things are better. */
export const HOLDS = ["disk_full", "photos_gone", "outside_hours"] as const;
export type Hold = typeof HOLDS[number];
