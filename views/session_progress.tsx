import type { ClusterRow } from "../db/cluster_queries.ts";
import type { PhotoTile } from "../db/photo_queries.ts";
import type { EventKind, SessionStatus } from "../db/schema.ts";
import type { SessionRow } from "../db/session_queries.ts";
import type { SessionEvent } from "../db/timeline_queries.ts";
import type { SessionGrouping } from "../jobs/people/session_grouping.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { ClusterRows } from "./cluster_rows.tsx";
import { eventWords } from "./event_words.ts";
import { duration, moment, number, percent, several } from "./format.ts";
import { Bar, DemoNote, Status, Time } from "./parts.tsx";
import { PhaseRow } from "./phase_row.tsx";
import { PhotoGrid } from "./photo_grid.tsx";
import { SessionActions } from "./session_actions.tsx";
import { SessionCounters } from "./session_counters.tsx";
import { WorkerLine } from "./worker_line.tsx";
import { isLive, isOver } from "./words.ts";

export interface SessionView {
  session: SessionRow;
  progress: UnifiedProgress;
  photos: PhotoTile[];
  clusters: ClusterRow[];
  builtin: boolean;
  /** Somebody asked for a retry and no worker has taken it up yet. */
  retryWaits: boolean;
  /** What somebody did to it last. */
  deed: SessionEvent | null;
  /** It waits or failed because files are not there; somebody may say that they are really gone. */
  missesFiles: boolean;
  /** What its last grouping came to; null before there is one. */
  grouping: SessionGrouping | null;
  now: Date;
}

/**
 * Everything about a session that changes by itself, as one section that replaces itself every two
 * seconds; once nothing more will change it carries nothing that could ask again.
 */
export function SessionProgress(view: SessionView) {
  const { session, progress, photos, clusters, retryWaits, now } = view;
  const { overallStatus: status, overallProgress: overall, phases } = progress;
  const over = isOver(status) && !retryWaits;
  const polling = over ? {} : {
    "hx-get": `/sessions/${session.id}/progress`,
    "hx-trigger": "every 2s",
    "hx-swap": "outerMorph",
    "hx-sync": "this:drop",
    "hx-config": "timeout:10s",
  };
  const looked = session.kind === "faces" ? phases.faceDetection : phases.training;
  const failed = phases.training.progress.failed + phases.faceDetection.progress.failed;
  const unreadable = phases.discovery.progress.failed;
  return (
    <section id={`session-${session.id}`} class="session" aria-label="Progress" {...polling}>
      <p class="stale-note">
        No answer from Safelight; trying again. This is the last known state.
      </p>
      <div class={`hero is-${status}${progress.hold ? " is-held" : ""}`}>
        <div class="figures">
          {(overall.percentage !== null || !isOver(status)) && (
            <p class="percent">
              {overall.percentage === null ? "–" : percent(overall.percentage)}
            </p>
          )}
          <div>
            <p class="headline" role="status">
              {retryWaits ? "Retry asked for; waiting for a worker" : headline(progress)}
            </p>
            <p class="eta">{timeLeft(progress, now)}</p>
            {view.deed && BY_SOMEBODY[status] === view.deed.kind && (
              <Deed deed={view.deed} now={now} />
            )}
          </div>
          <Status
            status={status}
            held={progress.hold !== null}
            errors={progress.outcome === "with_errors"}
          />
        </div>
        <Bar label="Overall progress" percentage={overall.percentage} live={isLive(status)} />
        <SessionActions
          id={session.id}
          status={status}
          retryable={failed > 0 && isOver(status) && !retryWaits}
          hold={progress.hold?.reason ?? null}
          missesFiles={view.missesFiles}
        />
        <WorkerLine progress={progress} now={now} />
      </div>

      <h2>Phases</h2>
      <ol class="phases">
        {[phases.discovery, phases.training, phases.faceDetection, phases.clustering].map(
          (phase) => (
            <PhaseRow
              sessionId={session.id}
              phase={phase}
              started={status === "paused" || isLive(status)}
              turn={phase.name === overall.currentPhase}
              held={progress.hold !== null && phase.name === overall.currentPhase}
              now={now}
            />
          ),
        )}
      </ol>

      <SessionCounters session={session} phases={phases} grouping={view.grouping} />

      {unreadable > 0 && (
        <p class="faults">
          <a href={`/sessions/${session.id}/failures?phase=discovery`}>
            {several(unreadable, "place")} could not be read
          </a>
        </p>
      )}

      {(photos.length > 0 || clusters.length > 0) && view.builtin && <DemoNote />}
      {photos.length > 0 && (
        <div class="results">
          <h2>{photosTitle(session, status)}</h2>
          <PhotoGrid photos={photos} label="Newest photos of this session" />
          <p>
            <a href={`/sessions/${session.id}/items?phase=${looked.name}&state=done`}>
              {looked.progress.done === 1
                ? "The one photo"
                : `All ${number(looked.progress.done)} photos`} of this session
            </a>
          </p>
        </div>
      )}
      {clusters.length > 0 && (
        <div class="results">
          <h2>People in the library</h2>
          <ClusterRows clusters={clusters} />
          <p>
            <a href="/people">All people</a>
          </p>
        </div>
      )}
    </section>
  );
}

const BY_SOMEBODY: Partial<Record<SessionStatus, EventKind>> = {
  paused: "paused",
  cancelled: "cancelled",
};

/** Why it does not move: somebody wanted it so. */
function Deed({ deed, now }: { deed: SessionEvent; now: Date }) {
  return (
    <p class="deed">
      {eventWords(deed)} by {deed.by}, <Time at={deed.at} now={now} />
    </p>
  );
}

function photosTitle({ kind }: SessionView["session"], status: SessionStatus): string {
  if (kind === "faces") return "Photos with faces";
  return isOver(status) ? "Photos" : "Just developed";
}

/** The answer to a poll about a session that is gone: nothing asks again. */
export function DeletedSession({ id }: { id: number }) {
  return (
    <section id={`session-${id}`} class="session" aria-label="Progress">
      <p class="headline" role="status">This session has been deleted.</p>
      <p>
        <a href="/sessions">All sessions</a>
      </p>
    </section>
  );
}

/** Changes only with the state, never with every count: it is read out when it changes. */
function headline({ overallStatus, overallProgress }: UnifiedProgress): string {
  return overallStatus === "discovering"
    ? overallProgress.message.replace(/: [\d,]+ so far$/, "")
    : overallProgress.message;
}

/** Time left, with its doubt where that matters, and the time on the clock. */
function timeLeft(progress: UnifiedProgress, now: Date): string {
  const { overallStatus, overallProgress, hold } = progress;
  const { etaSeconds, etaLow, etaHigh } = overallProgress;
  if (overallStatus === "discovering") return "The percentage begins when all pictures are found";
  if (hold) return "Finished work is kept";
  if (!isLive(overallStatus)) return "";
  if (etaSeconds === null) return "Working out how long it takes";
  const at = moment(new Date(now.getTime() + etaSeconds * 1000), now);
  const [low, high] = [etaLow, etaHigh].map((value) => value === null ? null : duration(value));
  const doubt = low && high && low !== high ? ` (${low} to ${high})` : "";
  return `About ${duration(etaSeconds)} left${doubt}, done around ${at}`;
}
