import type { Attempt, Failure } from "../db/failure_queries.ts";
import { bytes, fileName, several } from "./format.ts";
import { Thumbnail, Time } from "./parts.tsx";
import { explain } from "./reasons.ts";
import { PHASE_TITLES } from "./words.ts";

/** Other files named before "and n more". */
const OTHERS_SHOWN = 10;

/** One failure: what it is about, why, and what can be done; the rest is folded away. */
export function FailureRow({ failure, sessionId, retryable, now }: {
  failure: Failure;
  sessionId: number;
  retryable: boolean;
  now: Date;
}) {
  const { jobId, path, phase, files, photoId } = failure;
  const words = explain(failure.reason);
  const name = (path && fileName(path)) || `item ${jobId}`;
  const file = files[0];
  return (
    <li>
      {jobId !== null && (
        <input type="checkbox" name="jobId" value={jobId} aria-label={`Select ${name}`} />
      )}
      {photoId !== null && <Thumbnail photoId={photoId} />}
      <div>
        <p class="path">{path ?? "The file is no longer known"}</p>
        {files.length > 1 && <Others paths={files.slice(1).map((other) => other.path)} />}
        <p class="reason">
          <b class="failed">{words.title}.</b> {words.text}
        </p>
        <p class="facts">
          <span>{PHASE_TITLES[phase]}</span>
          {failure.tries > 0 && <span>{several(failure.tries, "attempt")}</span>}
          {failure.finishedAt && (
            <span>
              failed <Time at={failure.finishedAt} now={now} />
            </span>
          )}
          {file && <span>{bytes(file.size)}</span>}
          {file?.missing && <span class="failed">no longer there</span>}
        </p>
        <Details failure={failure} now={now} />
      </div>
      {jobId === null && retryable && (
        <div class="row-actions">
          <button
            type="submit"
            name="again"
            value="yes"
            formaction={`/sessions/${sessionId}/retry`}
            aria-label="Look again through all folders"
          >
            Look again
          </button>
        </div>
      )}
      {jobId !== null && (
        <div class="row-actions">
          {retryable && (
            <button
              type="submit"
              name="only"
              value={jobId}
              formaction={`/sessions/${sessionId}/retry`}
              aria-label={`Retry ${name}`}
            >
              Retry
            </button>
          )}
          <button type="submit" name="only" value={jobId} aria-label={`Ignore ${name}`}>
            Ignore
          </button>
        </div>
      )}
    </li>
  );
}

function Others({ paths }: { paths: string[] }) {
  const shown = paths.slice(0, OTHERS_SHOWN);
  const more = paths.length - shown.length;
  return (
    <details class="details">
      <summary>{several(paths.length, "more file", "more files")} of the same content</summary>
      <ul>
        {shown.map((path) => <li class="path">{path}</li>)}
        {more > 0 && <li>and {several(more, "other")}</li>}
      </ul>
    </details>
  );
}

function Details({ failure: { message, history, jobId }, now }: { failure: Failure; now: Date }) {
  return (
    <details class="details">
      <summary>Technical details</summary>
      {message && message !== history.at(-1)?.message && <p class="message">{message}</p>}
      {history.length > 0 && (
        <ol>
          {history.map((attempt) => <Try attempt={attempt} now={now} />)}
        </ol>
      )}
      {jobId !== null && <p>Job {jobId}</p>}
    </details>
  );
}

const KINDS: Record<Attempt["kind"], string> = {
  permanent: "for good",
  transient: "may pass",
  death: "the worker died",
};

function Try({ attempt, now }: { attempt: Attempt; now: Date }) {
  const { endedAt, worker, kind, reason, message, details } = attempt;
  return (
    <li>
      <Time at={endedAt} now={now} /> on {worker ?? "a worker that is not known"}: {KINDS[kind]}
      {reason && (
        <>
          {" "}
          <span class="tag">{reason}</span>
        </>
      )}
      {message && <p class="message">{message}</p>}
      {details && <p class="message">{details}</p>}
    </li>
  );
}
