import type { PhaseRecord, SessionRecord } from "../jobs/session_history.ts";
import { duration, number, several } from "./format.ts";
import { Layout } from "./layout.tsx";
import { Status, Time } from "./parts.tsx";
import { PHASE_TITLES } from "./words.ts";

/** Runs vary by so much from one to the next without anything behind it. */
const TYPICAL_PERCENT = 10;

const KINDS = {
  folders: null,
  faces: "faces again",
  clustering: "grouping again",
  models: "new models",
} as const;

/** Sessions that have ended, with rates beside each other and beside what is usual. */
export function HistoryPage({ records, nextCursor, cursor, now }: {
  records: SessionRecord[];
  nextCursor: number | null;
  cursor?: number;
  now: Date;
}) {
  return (
    <Layout title="History" place="sessions">
      <p class="crumbs">
        <a href="/sessions">Sessions</a>
      </p>
      <h1>History</h1>
      {records.length === 0
        ? <p>No session has ended {cursor ? "before" : "yet"}.</p>
        : (
          <p class="lead">
            Each rate is compared with the median of the sessions before it that ran on the same
            device with the same models.
          </p>
        )}
      <ul class="sessions">
        {records.map((record) => <Record record={record} now={now} />)}
      </ul>
      <p class="actions">
        {cursor !== undefined && <a class="button" href="/history">Newest</a>}
        {nextCursor !== null && <a class="button" href={`/history?cursor=${nextCursor}`}>Older</a>}
      </p>
    </Layout>
  );
}

function Record({ record, now }: { record: SessionRecord; now: Date }) {
  const { session, outcome, pictures, seconds, phases } = record;
  const taking = phases.filter(({ seconds, status }) => status !== "skipped" && seconds > 0);
  return (
    <li class="card">
      <div class="head">
        <h2>
          <a href={`/sessions/${session.id}/timeline`}>{session.name}</a>
        </h2>
        <Status status={session.status} errors={outcome === "with_errors"} />
      </div>
      <p class="facts">
        <span>
          <Time at={session.startedAt ?? session.createdAt} now={now} />
        </span>
        {KINDS[session.kind] && <span>{KINDS[session.kind]}</span>}
        <span>{several(pictures, "picture")}</span>
        {seconds !== null && <span>{duration(seconds)} in all</span>}
        {session.round > 1 && <span>{session.round} rounds</span>}
      </p>
      {taking.length > 0 && (
        <dl class="rates">
          {taking.map((phase) => (
            <div>
              <dt>{PHASE_TITLES[phase.name]}</dt>
              <Rate phase={phase} />
            </div>
          ))}
        </dl>
      )}
      {session.device && (
        <p class="facts">
          <span>{session.device}</span>
          <span>{session.clipModel}</span>
          <span>{session.faceModel}</span>
        </p>
      )}
    </li>
  );
}

function Rate({ phase: { ratePerMinute, seconds, usual } }: { phase: PhaseRecord }) {
  if (ratePerMinute === null) return <dd>{duration(seconds)}</dd>;
  return (
    <>
      <dd>
        {number(ratePerMinute < 10 ? Number(ratePerMinute.toFixed(1)) : Math.round(ratePerMinute))}
        {" "}
        <small>a minute</small>
      </dd>
      {usual && <dd class={verdict(usual.differencePercent)}>{comparison(usual)}</dd>}
    </>
  );
}

const verdict = (percent: number) =>
  Math.abs(percent) <= TYPICAL_PERCENT ? "typical" : percent > 0 ? "faster" : "slower";

function comparison({ differencePercent, sessions }: NonNullable<PhaseRecord["usual"]>): string {
  const word = verdict(differencePercent);
  // A single one is no usage yet.
  const other = sessions === 1 ? "the one before" : null;
  if (word === "typical") return other ? `as ${other}` : word;
  if (differencePercent >= 100) {
    return `${(1 + differencePercent / 100).toFixed(1)} times as fast as ${other ?? "usual"}`;
  }
  const far = `${Math.abs(differencePercent)}\u00A0% ${word}`;
  return other ? `${far} than ${other}` : far;
}
