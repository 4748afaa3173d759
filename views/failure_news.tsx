import type { FailureAction, WaitingRequest } from "../db/failure_queries.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { several } from "./format.ts";
import { Time } from "./parts.tsx";
import { isLive, PHASE_TITLES } from "./words.ts";

/** What came of the last press of a button. */
export interface Outcome {
  asked?: FailureAction;
  named?: number;
  taken?: number;
  refused?: "nothing" | "running";
}

const NAMES: Record<FailureAction, string> = { retry: "Retry", ignore: "Ignoring" };

/**
 * What was asked for and what has become of it. While something waits for a worker it asks for
 * itself every two seconds; when nothing does, the answer has the browser load the page again.
 */
export function FailureNews({ id, query, progress, waiting, now }: {
  id: number;
  query: Outcome & { phase?: string; reason?: string; cursor: string };
  progress: UnifiedProgress;
  waiting: WaitingRequest[];
  now: Date;
}) {
  const polling = waiting.length === 0 ? {} : {
    "hx-get": `/sessions/${id}/failures/news?${outcomeOf(query)}`,
    "hx-trigger": "every 2s",
    "hx-swap": "outerMorph",
    "hx-sync": "this:drop",
    "hx-config": "timeout:10s",
  };
  const told = tellOutcome(query);
  return (
    <section id="news" class="news" aria-label="What was asked for" {...polling}>
      <p class="stale-note">
        No answer from Safelight; trying again. This is the last known state.
      </p>
      {(told || waiting.length > 0) && (
        <div class="note" role="status">
          {told && (
            <p>
              <strong>{told}</strong> {query.asked && (query.taken ?? 0) > 0 &&
                waiting.length === 0 && (
                <>
                  A worker has taken it up:{" "}
                  <a href={`/sessions/${id}`}>see how the session stands</a>.
                </>
              )}
            </p>
          )}
          {waiting.map((request) => (
            <p>
              {NAMES[request.action]} of {extent(request)}, asked for by {request.by} at{" "}
              <Time at={request.createdAt} now={now} />: {progress.worker.alive
                ? "a worker takes it up."
                : "it waits for a worker; none is running."}
            </p>
          ))}
        </div>
      )}
      {isLive(progress.overallStatus) && (
        <p class="purpose">
          The run is going on. What failed can be retried when the run has ended.
        </p>
      )}
      {progress.overallStatus === "paused" && (
        <p class="purpose">
          The session is paused. What failed can be retried when the run has ended.
        </p>
      )}
    </section>
  );
}

/** One sentence about the last press of a button; null if there was none. */
export function tellOutcome({ asked, named, taken = 0, refused }: Outcome): string | null {
  if (refused === "nothing") return "Nothing was chosen: tick the files it is about first.";
  if (refused === "running") {
    return "The run is going on again already. What failed in it can be retried when it has ended.";
  }
  if (!asked) return null;
  const verb = asked === "retry" ? "be tried again" : "be ignored";
  if (taken === 0) {
    if (named === undefined) return "Asked for; nothing is counted as failed at the moment.";
    return named === 1
      ? `The item chosen cannot ${verb}: it did not fail in this session, or is dealt with already.`
      : `None of the ${several(named, "item")} chosen can ${verb}: ` +
        "they did not fail in this session, or are dealt with already.";
  }
  const done = `${NAMES[asked]} asked for ${several(taken, "item")}.`;
  return named === undefined || named === taken
    ? done
    : `${done} ${several(named - taken, "other")} did not fail in this session, or ${
      named - taken === 1 ? "is" : "are"
    } dealt with already.`;
}

const extent = ({ items, phase }: WaitingRequest) =>
  (items === null ? "all that failed" : several(items, "item")) +
  (phase === null ? "" : ` in ${PHASE_TITLES[phase].toLowerCase()}`);

function outcomeOf({ asked, named, taken, refused }: Outcome): URLSearchParams {
  const given = Object.entries({ asked, named, taken, refused })
    .filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}
