import type { PhaseName, PhaseStatus, SessionStatus } from "../db/schema.ts";

/** The words of the design, as the pages write them. */

export const PHASE_TITLES: Record<PhaseName, string> = {
  discovery: "Discovery",
  training: "Training",
  face_detection: "Face detection",
  clustering: "Clustering",
};

export const PHASE_PURPOSE: Record<PhaseName, string> = {
  discovery: "Looks for pictures in the folders",
  training: "Reads every picture and makes it searchable",
  face_detection: "Finds the faces in them",
  clustering: "Groups faces of the same person",
};

const STATUS: Record<SessionStatus | PhaseStatus, string> = {
  pending: "Pending",
  discovering: "Discovering",
  running: "Running",
  paused: "Paused",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  skipped: "Skipped",
};

export const statusWord = (status: SessionStatus | PhaseStatus) => STATUS[status];

export const isLive = (status: SessionStatus) => status === "discovering" || status === "running";

/** Nothing more happens in this state unless somebody asks for it. */
export const isOver = (status: SessionStatus) =>
  status === "completed" || status === "failed" || status === "cancelled";
