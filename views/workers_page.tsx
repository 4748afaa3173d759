import type { WorkerEvent, WorkerRow } from "../db/worker_queries.ts";
import type { WorkerState } from "../jobs/worker_state.ts";
import { bytes, duration, number, several } from "./format.ts";
import { Layout } from "./layout.tsx";
import { Time } from "./parts.tsx";
import { PHASE_TITLES } from "./words.ts";

export interface WorkersView {
  workers: (WorkerRow & { state: WorkerState })[];
  total: number;
  events: WorkerEvent[];
  /** Seconds of silence after which a worker counts as gone. */
  lease: number;
  now: Date;
}

const STATES: Record<WorkerState, string> = {
  working: "Working",
  idle: "Idle",
  stalled: "Stalled",
  silent: "Silent",
};

const HAPPENED: Partial<Record<WorkerEvent["kind"], string>> = {
  worker_started: "Started",
  worker_stopped: "Stopped",
  worker_died: "Died",
  worker_stalled: "Stalled",
  device_changed: "Changed device",
  models_changed: "Other models chosen:",
};

/** Who works on what; without JavaScript it loads itself again without end. */
export function WorkersPage(view: WorkersView) {
  return (
    <Layout title="Workers" place="workers" refresh>
      <h1>Workers</h1>
      <WorkerList {...view} />
    </Layout>
  );
}

/** Polls without end, as workers come and go at any time; slower than a session, which is watched. */
export function WorkerList({ workers, total, events, lease, now }: WorkersView) {
  return (
    <section
      id="workers"
      aria-label="All workers"
      hx-get="/workers/list"
      hx-trigger="every 3s"
      hx-swap="outerMorph"
      hx-sync="this:drop"
      hx-config="timeout:10s"
    >
      <p class="stale-note">
        No answer from Safelight; trying again. This is the last known state.
      </p>
      {workers.length === 0 && <NoWorker />}
      <ul class="workers">
        {workers.map((worker) => <WorkerCard worker={worker} lease={lease} now={now} />)}
      </ul>
      {total > workers.length && <p>and {number(total - workers.length)} more, silent ones last</p>}
      {events.length > 0 && (
        <>
          <h2>Lately</h2>
          <ul class="happened">
            {events.map((event) => (
              <li>
                <Time at={event.at} now={now} />
                <p>
                  <b class={event.kind === "worker_died" ? "failed" : undefined}>
                    {HAPPENED[event.kind] ?? event.kind}
                  </b>
                  {event.message && ` ${event.message}`}
                </p>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function NoWorker() {
  return (
    <div class="empty">
      <p>No worker is running.</p>
      <p>
        Workers read the pictures and find the faces. Safelight starts one by itself and starts it
        again should it die, unless it was told not to (<code>--no-worker</code>).
      </p>
      <p>
        One more, here or on another machine with the same database, pictures and data directory:
        {" "}
        <code>deno task worker</code>
      </p>
    </div>
  );
}

function WorkerCard({ worker, lease, now }: {
  worker: WorkersView["workers"][number];
  lease: number;
  now: Date;
}) {
  const { state, held } = worker;
  return (
    <li id={`worker-${worker.id}`} class="card">
      <div class="head">
        <h2>{worker.host}, process {worker.pid}</h2>
        <span class={`status is-${state}`}>{STATES[state]}</span>
      </div>
      {state === "stalled" && (
        <p class="trouble">
          Alive, but nothing has moved for {duration(worker.stillSeconds)}; longer than{" "}
          {duration(worker.patienceSeconds)} does not fit this work.
        </p>
      )}
      {state === "silent" && (
        <p class="trouble">
          Not heard of for {duration(worker.silentSeconds)}. After {lease}{" "}
          s of silence what it has in hand goes to another worker.
        </p>
      )}
      {worker.activity && <p>Now {worker.activity}</p>}
      {held.map((items) => <Held items={items} now={now} />)}
      <p class="facts">
        {state === "working" && worker.rate > 0 && (
          <b>{several(Math.round(worker.rate * 60), "item")} a minute</b>
        )}
        <span>last heartbeat {duration(worker.silentSeconds)} ago</span>
        <span>{bytes(worker.memoryMb * 2 ** 20)} of memory</span>
        <span>
          started <Time at={worker.startedAt} now={now} />
        </span>
      </p>
      <p class="facts">
        <span>{worker.device}</span>
        {worker.deviceReason && <span>{worker.deviceReason}</span>}
        <span>{worker.clipModel}, {worker.faceModel}</span>
      </p>
    </li>
  );
}

function Held({ items, now }: { items: WorkerRow["held"][number]; now: Date }) {
  const { files, phase } = items;
  return (
    <div class="held">
      <p>
        {PHASE_TITLES[phase]} of <a href={`/sessions/${items.sessionId}`}>{items.sessionName}</a>
        {files.length > 0 && `, ${several(items.items, "picture")}`}, for{" "}
        {duration((now.getTime() - items.since.getTime()) / 1000)}
      </p>
      {files.length > 0 && (
        <ul>
          {files.map(({ path, photoId }) => (
            <li class="path">
              {photoId === null ? path : <a href={`/photos/${photoId}`}>{path}</a>}
            </li>
          ))}
          {items.items > files.length && <li>and {number(items.items - files.length)} more</li>}
        </ul>
      )}
    </div>
  );
}
