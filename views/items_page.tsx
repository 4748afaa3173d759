import type { Item, ItemPage, ItemPhase, ItemState } from "../db/item_queries.ts";
import type { ReasonCounts } from "../db/ledger_scan.ts";
import type { SessionRow } from "../db/session_queries.ts";
import { type Outcome, tellOutcome } from "./failure_news.tsx";
import { bytes, fileName, number } from "./format.ts";
import { Layout } from "./layout.tsx";
import { SelectAll, Thumbnail, Time } from "./parts.tsx";
import { explain } from "./reasons.ts";
import { isOver, PHASE_TITLES } from "./words.ts";

const EMPTY: Record<ItemState, string> = {
  done: "Nothing is done yet.",
  skipped: "Nothing was skipped.",
  failed: "Nothing failed.",
  cancelled: "Nothing was cancelled.",
  pending: "Nothing is left to do.",
};

export interface ItemsView {
  session: SessionRow;
  query: Outcome & { phase: ItemPhase; state: ItemState; reason?: string; cursor: string };
  page: ItemPage;
  /** Why items were skipped, among the first 10,000; null for other states. */
  counted: ReasonCounts | null;
  now: Date;
}

/** The files behind one figure of the ledger, with the reason each is there. */
export function ItemsPage({ session, query, page, counted, now }: ItemsView) {
  const { phase, state, reason } = query;
  const title = `${PHASE_TITLES[phase]}: ${state}`;
  const here = `/sessions/${session.id}/items?phase=${phase}&state=${state}`;
  const filtered = reason ? `${here}&reason=${encodeURIComponent(reason)}` : here;
  const told = tellOutcome(query);
  const ignored = isOver(session.status) &&
    page.items.some((item) => item.reason === "ignored");
  const rows = (
    <ul class="items">
      {page.items.map((item) => (
        <ItemRow item={item} retryable={ignored && item.reason === "ignored"} now={now} />
      ))}
    </ul>
  );
  return (
    <Layout title={`${title} · ${session.name}`} place="sessions">
      <p class="crumbs">
        <a href="/sessions">Sessions</a> / <a href={`/sessions/${session.id}`}>{session.name}</a>
      </p>
      <h1>{title}</h1>
      {told && (
        <p class="note" role="status">
          <strong>{told}</strong> <a href={`/sessions/${session.id}`}>How the session stands</a>
        </p>
      )}
      {counted && <Reasons here={here} counted={counted} reason={reason} />}
      {page.items.length === 0 && <p>{nothing(query, page)}</p>}
      {!ignored ? rows : (
        <form method="post" action={`/sessions/${session.id}/retry`}>
          <input type="hidden" name="back" value="items" />
          <input type="hidden" name="phase" value={phase} />
          {reason && <input type="hidden" name="reason" value={reason} />}
          <div class="bulk">
            <div>
              <SelectAll />
              <button type="submit">Try selected after all</button>
            </div>
          </div>
          {rows}
        </form>
      )}
      {page.nextCursor !== null && (
        <p>
          <a class="button" href={`${filtered}&cursor=${encodeURIComponent(page.nextCursor)}`}>
            More
          </a>
        </p>
      )}
    </Layout>
  );
}

function nothing({ phase, state, reason }: ItemsView["query"], page: ItemPage): string {
  if (page.nextCursor !== null) {
    return "None for this reason among the next 10,000; there are more.";
  }
  if (reason) return `Nothing was ${state} for this reason.`;
  if (phase !== "discovery") return EMPTY[state];
  return "Discovery counts the pictures it finds; it lists only places that it could not read. " +
    "What became of the pictures is listed with training.";
}

function Reasons({ here, counted: { reasons, atLeast }, reason }: {
  here: string;
  counted: ReasonCounts;
  reason?: string;
}) {
  if (reasons.length === 0) return null;
  return (
    <>
      <nav class="filters" aria-label="Reasons">
        <a href={here} aria-current={reason ? undefined : "true"}>Any reason</a>
        {reasons.map((row) => (
          <a
            href={`${here}&reason=${encodeURIComponent(row.reason)}`}
            aria-current={row.reason === reason ? "true" : undefined}
          >
            {explain(row.reason).title} <b>{number(row.count)}</b>
          </a>
        ))}
      </nav>
      {atLeast && <p class="purpose">Reasons are counted among the first 10,000.</p>}
    </>
  );
}

function ItemRow({ item, retryable, now }: { item: Item; retryable: boolean; now: Date }) {
  const [first, ...others] = item.files;
  const name = (item.path && fileName(item.path)) || `item ${item.jobId}`;
  return (
    <li>
      {retryable && (
        <input type="checkbox" name="jobId" value={item.jobId!} aria-label={`Select ${name}`} />
      )}
      {item.photoId !== null && <Thumbnail photoId={item.photoId} />}
      <div>
        <p class="path">{item.path ?? "The file is no longer known"}</p>
        {others.length > 0 && (
          <p class="facts">and {others.length} more files of the same content</p>
        )}
        {item.message && <p class="reason">{item.message}</p>}
        <p class="facts">
          {item.reason && <span class="tag">{explain(item.reason).title}</span>}
          {item.state === "running" && <span>in work</span>}
          {item.attempt > 1 && <span>attempt {item.attempt}</span>}
          {first && <span>{bytes(first.size)}</span>}
          {first && (
            <span>
              changed <Time at={new Date(first.mtimeMs)} now={now} />
            </span>
          )}
          {first?.missing && <span class="failed">no longer there</span>}
          {item.finishedAt && (
            <span>
              finished <Time at={item.finishedAt} now={now} />
            </span>
          )}
        </p>
      </div>
      {retryable && (
        <div class="row-actions">
          <button
            type="submit"
            name="only"
            value={item.jobId!}
            aria-label={`Try after all: ${name}`}
          >
            Try after all
          </button>
        </div>
      )}
    </li>
  );
}
