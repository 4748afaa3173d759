import { ITEM_PHASES, type ItemPhase } from "../db/item_queries.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import type { FailuresView } from "./failures_page.tsx";
import { number } from "./format.ts";
import { explain } from "./reasons.ts";
import { PHASE_TITLES } from "./words.ts";

export type Counts = Record<ItemPhase | "all", number>;

/** How much failed by phase, from the ledger. */
export const countsOf = ({ phases }: UnifiedProgress): Counts => {
  const discovery = phases.discovery.progress.failed;
  const training = phases.training.progress.failed;
  const face_detection = phases.faceDetection.progress.failed;
  return { discovery, training, face_detection, all: discovery + training + face_detection };
};

/** The page with these filters. */
export function addressOf(
  id: number,
  { phase, reason, cursor = "" }: { phase?: string; reason?: string; cursor?: string },
): string {
  const query = new URLSearchParams(
    Object.entries({ phase, reason, cursor }).filter((entry): entry is [string, string] =>
      entry[1] !== undefined && entry[1] !== ""
    ),
  );
  return `/sessions/${id}/failures${query.size > 0 ? `?${query}` : ""}`;
}

/** Links that narrow the list to a phase or a reason, with their counts. */
export function Filters({ view: { session, query, counted }, counts }: {
  view: FailuresView;
  counts: Counts;
}) {
  const { phase, reason } = query;
  const unreadable = counts.discovery > 0 && (!phase || phase === "discovery")
    ? [{ reason: "unreadable", count: counts.discovery }]
    : [];
  const reasons = [...unreadable, ...counted.reasons];
  return (
    <>
      <nav class="filters" aria-label="Phases">
        <Filter href={addressOf(session.id, { reason })} on={!phase} count={counts.all}>
          All phases
        </Filter>
        {ITEM_PHASES.filter((name) => counts[name] > 0 || name === phase).map((name) => (
          <Filter
            href={addressOf(session.id, { phase: name })}
            on={name === phase}
            count={counts[name]}
          >
            {PHASE_TITLES[name]}
          </Filter>
        ))}
      </nav>
      <nav class="filters" aria-label="Reasons">
        <Filter href={addressOf(session.id, { phase })} on={!reason}>Any reason</Filter>
        {reasons.map((row) => (
          <Filter
            href={addressOf(session.id, { phase, reason: row.reason })}
            on={row.reason === reason}
            count={row.count}
            atLeast={counted.atLeast && row.count >= 10_000}
          >
            {explain(row.reason).title}
          </Filter>
        ))}
      </nav>
      {counted.atLeast && (
        <p class="purpose">Reasons are counted among the first 10,000 failures of each phase.</p>
      )}
    </>
  );
}

function Filter({ href, on, count, atLeast, children }: {
  href: string;
  on: boolean;
  count?: number;
  atLeast?: boolean;
  children?: unknown;
}) {
  return (
    <a href={href} aria-current={on ? "true" : undefined}>
      {children} {count !== undefined && <b>{number(count)}{atLeast && "+"}</b>}
    </a>
  );
}
