import type { FailurePage, WaitingRequest } from "../db/failure_queries.ts";
import type { ItemPhase } from "../db/item_queries.ts";
import type { PhaseName } from "../db/schema.ts";
import type { ReasonCounts } from "../db/ledger_scan.ts";
import type { SessionRow } from "../db/session_queries.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { addressOf, type Counts, countsOf, Filters } from "./failure_filters.tsx";
import { FailureNews, type Outcome } from "./failure_news.tsx";
import { FailureRow } from "./failure_row.tsx";
import { number, several } from "./format.ts";
import { Layout } from "./layout.tsx";
import { SelectAll } from "./parts.tsx";
import { explain } from "./reasons.ts";
import { isOver, PHASE_TITLES } from "./words.ts";

export interface FailuresView {
  session: SessionRow;
  progress: UnifiedProgress;
  query: Outcome & { phase?: ItemPhase; reason?: string; cursor: string };
  page: FailurePage;
  /** Reasons of items of the phases shown, among the first 10,000 of each. */
  counted: ReasonCounts;
  waiting: WaitingRequest[];
  phaseFaults: { phase: PhaseName; message: string }[];
  now: Date;
}

/** Everything that failed in a session, with what to do about it. */
export function FailuresPage(view: FailuresView) {
  const { session, progress, query, page, waiting, phaseFaults, now } = view;
  const counts = countsOf(progress);
  const retryable = isOver(progress.overallStatus);
  const next = page.nextCursor && addressOf(session.id, { ...query, cursor: page.nextCursor });
  return (
    <Layout
      title={`Failures · ${session.name}`}
      place="sessions"
      refresh={waiting.length > 0}
    >
      <p class="crumbs">
        <a href="/sessions">Sessions</a> / <a href={`/sessions/${session.id}`}>{session.name}</a>
      </p>
      <div class="title">
        <h1>Failures</h1>
        {(counts.all > 0 || phaseFaults.length > 0) && <Exports id={session.id} query={query} />}
      </div>
      <FailureNews
        id={session.id}
        query={query}
        progress={progress}
        waiting={waiting}
        now={now}
      />
      {phaseFaults.map((fault) => (
        <PhaseFaultNote id={session.id} fault={fault} retryable={retryable} />
      ))}
      {counts.all > 0 && <Filters view={view} counts={counts} />}
      {page.items.length === 0
        ? <Nothing view={view} counts={counts} />
        : (
          <form method="post" action={`/sessions/${session.id}/ignore`}>
            <Bulk view={view} counts={counts} retryable={retryable} />
            <ul class="items failures">
              {page.items.map((failure) => (
                <FailureRow
                  failure={failure}
                  sessionId={session.id}
                  retryable={retryable}
                  now={now}
                />
              ))}
            </ul>
          </form>
        )}
      {(next || query.cursor !== "") && (
        <nav class="pager" aria-label="Pages">
          {query.cursor !== "" && (
            <a class="button" href={addressOf(session.id, { ...query, cursor: "" })}>First page</a>
          )}
          {next && <a class="button" href={next}>Next page</a>}
        </nav>
      )}
    </Layout>
  );
}

function Exports({ id, query: { phase, reason } }: {
  id: number;
  query: { phase?: string; reason?: string };
}) {
  const at = (format: string) =>
    `/api/v1${addressOf(id, { phase, reason })}${phase || reason ? "&" : "?"}format=${format}`;
  return (
    <div class="exports">
      <a class="button" href={at("csv")} download>Export as CSV</a>
      <a class="button" href={at("json")} download>Export as JSON</a>
    </div>
  );
}

function PhaseFaultNote({ id, fault, retryable }: {
  id: number;
  fault: { phase: PhaseName; message: string };
  retryable: boolean;
}) {
  return (
    <div class="phase-fault">
      <p class="fault">
        <strong>{PHASE_TITLES[fault.phase]} failed as a whole.</strong> {fault.message}
      </p>
      {retryable && (
        <form method="post" action={`/sessions/${id}/retry`}>
          <input type="hidden" name="back" value="failures" />
          <input type="hidden" name="all" value="yes" />
          <input type="hidden" name="phase" value={fault.phase} />
          <button type="submit">Try {PHASE_TITLES[fault.phase].toLowerCase()} again</button>
        </form>
      )}
    </div>
  );
}

/** What can be done with those ticked, and with all of what the filters name. */
function Bulk({ view, counts, retryable }: {
  view: FailuresView;
  counts: Counts;
  retryable: boolean;
}) {
  const { session, query: { phase, reason, cursor }, page } = view;
  const retry = `/sessions/${session.id}/retry`;
  const what = scopeOf(view, counts);
  const selectable = page.items.some((failure) => failure.jobId !== null);
  return (
    <div class="bulk">
      <input type="hidden" name="back" value="failures" />
      {phase && <input type="hidden" name="phase" value={phase} />}
      {reason && <input type="hidden" name="reason" value={reason} />}
      {cursor && <input type="hidden" name="cursor" value={cursor} />}
      {selectable && (
        <div>
          <SelectAll />
          {retryable && <button type="submit" formaction={retry}>Retry selected</button>}
          <button type="submit">Ignore selected</button>
        </div>
      )}
      <div>
        {retryable && what.retry && (
          <button type="submit" name="all" value="yes" formaction={retry}>{what.retry}</button>
        )}
        {what.ignore && <button type="submit" name="all" value="yes">{what.ignore}</button>}
      </div>
    </div>
  );
}

/** The labels of the buttons for all: what they are about is in them. */
function scopeOf(
  { query: { phase, reason }, counted }: FailuresView,
  counts: Counts,
): { retry: string; ignore: string | null } {
  if (phase === "discovery" || reason === "unreadable") {
    return { retry: "Look through the folders again", ignore: null };
  }
  if (reason) {
    const count = counted.reasons.find((row) => row.reason === reason)?.count ?? 0;
    const extent = counted.atLeast ? `the first ${number(count)}` : `all ${number(count)}`;
    const of = `${extent} “${explain(reason).title}”`;
    return { retry: `Retry ${of}`, ignore: `Ignore ${of}` };
  }
  const of = phase ? ` of ${PHASE_TITLES[phase].toLowerCase()}` : "";
  const items = phase ? counts[phase] : counts.training + counts.face_detection;
  return {
    retry: `Retry all ${number(phase ? items : counts.all)}${of}`,
    ignore: items === 0 ? null : `Ignore all ${number(items)}${of}`,
  };
}

function Nothing({ view: { query, page, session }, counts }: {
  view: FailuresView;
  counts: Counts;
}) {
  if (page.nextCursor) {
    return <p>None for this reason among the next 10,000 failures; they go on on the next page.</p>;
  }
  if (query.cursor !== "") return <p>There is nothing more from here on.</p>;
  if (counts.all > 0) return <p>Nothing failed that fits both filters.</p>;
  return (
    <div class="empty">
      <p>Nothing failed.</p>
      <p>
        {several(session.round, "round")} so far, and every file that was looked at could be read.
        {" "}
        <a href={`/sessions/${session.id}`}>Back to the session</a>
      </p>
    </div>
  );
}
