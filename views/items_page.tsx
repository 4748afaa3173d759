import type { Child } from "hono/jsx";
import type { Item, ItemPage, ItemPhase, ItemState } from "../db/item_queries.ts";
import type { SessionRow } from "../db/session_queries.ts";
import { bytes } from "./format.ts";
import { Layout } from "./layout.tsx";
import { Action, Time } from "./parts.tsx";
import { isOver, PHASE_TITLES } from "./words.ts";

const EMPTY: Record<ItemState, string> = {
  done: "Nothing is done yet.",
  skipped: "Nothing was skipped.",
  failed: "Nothing failed.",
  cancelled: "Nothing was cancelled.",
  pending: "Nothing is left to do.",
};

/** The files behind one figure of the ledger, with the reason each is there. */
export function ItemsPage({ session, phase, state, page, now }: {
  session: SessionRow;
  phase: ItemPhase;
  state: ItemState;
  page: ItemPage;
  now: Date;
}) {
  const title = `${PHASE_TITLES[phase]}: ${state}`;
  const here = `/sessions/${session.id}/items?phase=${phase}&state=${state}`;
  const retryable = state === "failed" && isOver(session.status);
  return (
    <Layout title={`${title} · ${session.name}`} place="sessions">
      <p class="crumbs">
        <a href="/sessions">Sessions</a> / <a href={`/sessions/${session.id}`}>{session.name}</a>
      </p>
      <div class="title">
        <h1>{title}</h1>
        {retryable && page.items.length > 0 && (
          <Action to={`/sessions/${session.id}/retry`} title="Retry all" />
        )}
      </div>
      {page.items.length === 0 && <p>{EMPTY[state]}</p>}
      <ul class="items">
        {page.items.map((item) => (
          <ItemRow item={item} now={now}>
            {retryable && <RetryOne sessionId={session.id} jobId={item.jobId} />}
          </ItemRow>
        ))}
      </ul>
      {page.nextCursor !== null && (
        <p>
          <a class="button" href={`${here}&cursor=${page.nextCursor}`}>More</a>
        </p>
      )}
    </Layout>
  );
}

function ItemRow({ item, now, children }: { item: Item; now: Date; children?: Child }) {
  const [first, ...others] = item.files;
  return (
    <li>
      {item.photoId !== null && (
        <a href={`/photos/${item.photoId}`} class="thumb">
          <img
            src={`/api/v1/photos/${item.photoId}/thumbnail`}
            alt="Open the photo"
            width="64"
            height="64"
            loading="lazy"
          />
        </a>
      )}
      <div>
        <p class="path">{first?.path ?? "The file is no longer known"}</p>
        {others.length > 0 && (
          <p class="facts">and {others.length} more files of the same content</p>
        )}
        {item.message && <p class="reason">{item.message}</p>}
        <p class="facts">
          {item.reason && <span class="tag">{item.reason}</span>}
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
      {children}
    </li>
  );
}

function RetryOne({ sessionId, jobId }: { sessionId: number; jobId: number }) {
  return (
    <form method="post" action={`/sessions/${sessionId}/retry`}>
      <input type="hidden" name="jobId" value={jobId} />
      <button type="submit">Retry</button>
    </form>
  );
}
