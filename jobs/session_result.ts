import { and, eq, sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { type PhaseName, phases, sessions, type SessionStatus, walkFaults } from "../db/schema.ts";
import { isBuiltin } from "../models/types.ts";
import { readSessionGrouping } from "./people/session_grouping.ts";
import { counted } from "./phase_row.ts";

export interface SessionResult {
  sessionId: number;
  status: SessionStatus;
  outcome: "clean" | "with_errors" | null;
  error: string | null;
  ledger: Record<
    PhaseName,
    {
      total: number | null;
      done: number;
      skipped: number;
      failed: number;
      cancelled: number;
      pending: number;
    }
  >;
  /** Each a figure of its own: a face may be in none of the last four, and they add up to nothing. */
  counters: {
    photos: number;
    duplicates: number;
    facesFound: number;
    /** Faces that were a known person's for certain. */
    facesAssigned: number;
    /** Faces that are likely a known person's, and wait for an answer. */
    facesSuggested: number;
    /** Groups that were not there before. */
    clusters: number;
    /** Faces that came to nobody; null if they were not grouped. */
    facesUnassigned: number | null;
  };
  /** What was found comes from the built-in demonstration models, all of it or a part. */
  builtinModels: boolean;
  /** The first failures; `failureCount` says how many there are. */
  failures: { phase: PhaseName; path: string; reason: string; message: string }[];
  failureCount: number;
}

const FAILURES_LISTED = 200;

/** What a session came to, in the end: ledger, counters and what failed, from its rows. */
export async function sessionResult(db: Db, id: number): Promise<SessionResult> {
  const [[session], rows, [photos], failures, faults, grouping] = await Promise.all([
    db.select().from(sessions).where(eq(sessions.id, id)),
    db.select().from(phases).where(eq(phases.sessionId, id)),
    db.execute<{ photos: number; duplicates: number }>(sql`
      select count(*) filter (where representative_id is null)::int as photos,
        count(*) filter (where representative_id is not null)::int as duplicates
      from photos where session_id = ${id}`),
    db.execute<{ phase: PhaseName; path: string; reason: string; message: string }>(sql`
      select j.phase, coalesce(f.path, p.first_path, '') as path, j.reason, j.message
      from jobs j
      left join files f on j.phase = 'training' and f.id = j.subject
      left join photos p on j.phase = 'face_detection' and p.id = j.subject
      where j.session_id = ${id} and j.state = 'failed' order by j.id limit ${FAILURES_LISTED}`),
    db.select().from(walkFaults).where(and(eq(walkFaults.sessionId, id))).limit(FAILURES_LISTED),
    readSessionGrouping(db, id),
  ]);
  const failureCount = rows.reduce((sum, phase) => sum + phase.failed, 0);
  return {
    sessionId: id,
    status: session.status,
    outcome: session.status !== "completed" ? null : failureCount > 0 ? "with_errors" : "clean",
    error: session.error,
    ledger: Object.fromEntries(
      rows.sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name)).map((phase) => [
        phase.name,
        {
          total: phase.total,
          done: phase.done,
          skipped: phase.skipped,
          failed: phase.failed,
          cancelled: phase.cancelled,
          pending: phase.total === null || phase.name === "discovery"
            ? 0
            : phase.total - counted(phase),
        },
      ]),
    ) as SessionResult["ledger"],
    counters: {
      photos: photos.photos,
      duplicates: photos.duplicates,
      facesFound: session.facesFound,
      facesAssigned: session.facesAssigned,
      facesSuggested: session.facesSuggested,
      clusters: session.clustersMade,
      facesUnassigned: grouping?.unassigned ?? null,
    },
    builtinModels: isBuiltin(session.clipModel) || isBuiltin(session.faceModel),
    failures: [
      ...faults.map((fault) => ({
        phase: "discovery" as const,
        path: fault.path,
        reason: "unreadable",
        message: fault.message,
      })),
      ...failures,
    ],
    failureCount,
  };
}

const ORDER: PhaseName[] = ["discovery", "training", "face_detection", "clustering"];
