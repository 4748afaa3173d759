import type { SessionRow } from "../db/session_queries.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { duration, number, percent, several } from "./format.ts";
import { Layout } from "./layout.tsx";
import { Pager } from "./pager.tsx";
import { Bar, Status, Time } from "./parts.tsx";
import { placeOf } from "./run_scope.tsx";
import { isLive, isOver } from "./words.ts";

export interface SessionsView {
  sessions: { session: SessionRow; progress: UnifiedProgress }[];
  total: number;
  page: number;
  pages: number;
  now: Date;
}

export function SessionsPage(view: SessionsView) {
  const live = view.sessions.some(moves);
  return (
    <Layout title="Sessions" place="sessions" refresh={live}>
      <div class="title">
        <h1>Sessions</h1>
        <a href="/history">History</a>
        <a class="button primary" href="/sessions/new">New session</a>
      </div>
      {view.total === 0
        ? (
          <div class="empty">
            <p>Nothing has been developed yet.</p>
            <p>
              Point Safelight at a folder of pictures: it makes them searchable, finds the faces and
              groups them, and changes nothing in your folder.
            </p>
            <p>
              <a class="button primary" href="/sessions/new">Choose a folder</a>
            </p>
          </div>
        )
        : <SessionList {...view} />}
    </Layout>
  );
}

/** The list polls as a whole, and only while one of its sessions can change by itself. */
export function SessionList({ sessions, page, pages, now }: SessionsView) {
  const moving = sessions.some(moves);
  const polling = moving
    ? {
      "hx-get": `/sessions/list?page=${page}`,
      "hx-trigger": "every 2s",
      "hx-swap": "outerMorph",
      "hx-sync": "this:drop",
      "hx-config": "timeout:10s",
    }
    : {};
  return (
    <section id="sessions" aria-label="All sessions" {...polling}>
      <p class="stale-note">
        No answer from Safelight; trying again. This is the last known state.
      </p>
      <ul class="sessions">
        {sessions.map(({ session, progress }) => (
          <SessionCard session={session} progress={progress} now={now} />
        ))}
      </ul>
      <Pager page={page} pages={pages} at="/sessions" />
    </section>
  );
}

/** Changes by itself, at once or when what it waits for comes. */
const moves = ({ progress }: SessionsView["sessions"][number]) =>
  isLive(progress.overallStatus) || progress.hold !== null;

function SessionCard({ session, progress, now }: {
  session: SessionRow;
  progress: UnifiedProgress;
  now: Date;
}) {
  const { overallStatus: status, overallProgress: overall, phases } = progress;
  const { failed } = phases.training.progress;
  return (
    <li id={`card-${session.id}`} class={`card is-${status}`}>
      <div class="head">
        <h2>
          <a href={`/sessions/${session.id}`}>{session.name}</a>
        </h2>
        <Status
          status={status}
          held={progress.hold !== null}
          errors={progress.outcome === "with_errors"}
        />
      </div>
      <p class="path">{placeOf(session)}</p>
      {!isOver(status) && status !== "pending" && (
        <Bar
          label={`Progress of ${session.name}`}
          percentage={overall.percentage}
          live={isLive(status)}
        />
      )}
      <p class="facts">
        {overall.percentage !== null && !isOver(status) && status !== "pending" && (
          <b>{percent(overall.percentage)}</b>
        )}
        {status !== "completed" && <span>{overall.message}</span>}
        {overall.etaSeconds !== null && <span>about {duration(overall.etaSeconds)} left</span>}
        {status === "completed" && (
          <>
            {session.kind === "folders" && (
              <span>{number(phases.discovery.progress.done)} pictures</span>
            )}
            {session.kind !== "clustering" && <span>{number(session.facesFound)} faces</span>}
            <span>{several(session.clustersMade, "new group")}</span>
            {failed + phases.faceDetection.progress.failed > 0 && (
              <span class="failed">
                {number(failed + phases.faceDetection.progress.failed)} failed
              </span>
            )}
          </>
        )}
        <span>
          <Time at={session.startedAt ?? session.createdAt} now={now} />
        </span>
      </p>
    </li>
  );
}
