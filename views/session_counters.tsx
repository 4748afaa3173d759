import type { SessionRow } from "../db/session_queries.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { number } from "./format.ts";

/** The figures of a session; those of phases that a run over what exists leaves out do not appear. */
export function SessionCounters({ session, phases }: {
  session: SessionRow;
  phases: UnifiedProgress["phases"];
}) {
  const { discovery, training, faceDetection } = phases;
  const figures: Record<SessionRow["kind"], [string, number][]> = {
    folders: [
      ["Pictures found", discovery.progress.done],
      ["Skipped", training.progress.skipped],
      ["Faces found", session.facesFound],
      ["Clusters of faces", session.clustersMade],
    ],
    faces: [
      ["Photos looked at", faceDetection.progress.done],
      ["Faces found", session.facesFound],
      ["Clusters of faces", session.clustersMade],
    ],
    clustering: [["Clusters of faces", session.clustersMade]],
    models: [
      ["Photos embedded", training.progress.done],
      ["Photos looked at", faceDetection.progress.done],
      ["Faces found", session.facesFound],
      ["Clusters of faces", session.clustersMade],
    ],
  };
  return (
    <dl class="counters">
      {figures[session.kind].map(([title, value]) => (
        <div>
          <dt>{title}</dt>
          <dd>{number(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
