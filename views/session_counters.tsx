import type { SessionRow } from "../db/session_queries.ts";
import type { SessionGrouping } from "../jobs/people/session_grouping.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { number } from "./format.ts";

/**
 * The figures of a session; those of phases that a run over what exists leaves out do not appear,
 * nor what a grouping comes to before it is stored. What became of the faces are figures of their
 * own, which do not add up to those found.
 */
export function SessionCounters({ session, phases, grouping = null }: {
  session: SessionRow;
  phases: UnifiedProgress["phases"];
  grouping?: SessionGrouping | null;
}) {
  const { discovery, training, faceDetection } = phases;
  const clusters: Figure[] = [["Groups made", session.clustersMade]];
  const faces: Figure[] = [
    ["Faces found", session.facesFound],
    ["Assigned automatically", session.facesAssigned],
    ["Suggested", session.facesSuggested],
    ...clusters,
    ...(grouping ? [["Unassigned faces", grouping.unassigned] satisfies Figure] : []),
  ];
  const figures: Record<SessionRow["kind"], Figure[]> = {
    folders: [
      ["Pictures found", discovery.progress.done],
      ["Skipped", training.progress.skipped],
      ...faces,
    ],
    faces: [["Photos looked at", faceDetection.progress.done], ...faces],
    clustering: clusters,
    models: [
      ["Photos embedded", training.progress.done],
      ["Photos looked at", faceDetection.progress.done],
      ...faces,
    ],
  };
  return (
    <>
      <dl class="counters">
        {figures[session.kind].map(([title, value]) => (
          <div>
            <dt>{title}</dt>
            <dd>{number(value)}</dd>
          </div>
        ))}
      </dl>
      {grouping && <p class="when">By the last grouping: {grouping.difference}.</p>}
    </>
  );
}

type Figure = [title: string, value: number];
