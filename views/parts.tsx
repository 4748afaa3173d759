import type { PhaseStatus, SessionStatus } from "../db/schema.ts";
import { moment } from "./format.ts";
import { statusWord } from "./words.ts";

/** Small pieces that many pages share. */

/** A moment, readable and machine-readable. */
export function Time({ at, now }: { at: Date | string; now: Date }) {
  const time = new Date(at);
  return <time datetime={time.toISOString()}>{moment(time, now)}</time>;
}

export function Status({ status, held, errors }: {
  status: SessionStatus | PhaseStatus;
  /** Paused by Safelight itself, which lets it go on when things are better. */
  held?: boolean;
  errors?: boolean;
}) {
  return (
    <span class={`status is-${status}`}>
      {held ? "Waiting" : statusWord(status)}
      {errors && " with errors"}
    </span>
  );
}

/** A bar; without a value it moves without end, since nobody knows the end yet. */
export function Bar({ label, percentage, live }: {
  label: string;
  percentage: number | null;
  live: boolean;
}) {
  const value = percentage ?? (live ? undefined : 0);
  return (
    <progress
      max="100"
      value={value}
      aria-label={label}
      class={live ? "live" : undefined}
    >
    </progress>
  );
}

/** A button that does one thing: a form of its own, so that it works without JavaScript. */
export function Action({ to, title, kind, hidden }: {
  to: string;
  title: string;
  kind?: "primary" | "danger";
  hidden?: boolean;
}) {
  return (
    <form method="post" action={to} hidden={hidden}>
      <button type="submit" class={kind}>{title}</button>
    </form>
  );
}

/** A photo in a row of a list, which opens its page. */
export function Thumbnail({ photoId }: { photoId: number }) {
  return (
    <a href={`/photos/${photoId}`} class="thumb">
      <img
        src={`/api/v1/photos/${photoId}/thumbnail`}
        alt="Open the photo"
        width="64"
        height="64"
        loading="lazy"
      />
    </a>
  );
}

/** Ticks all boxes of its form; select.js shows it, since nothing else could. */
export function SelectAll() {
  return (
    <label class="check" hidden>
      <input type="checkbox" data-select-all />
      <span>Select all on this page</span>
    </label>
  );
}

export function DemoNote() {
  return (
    <p class="note">
      <strong>These results come from the built-in demonstration models.</strong>{" "}
      They know colours, light and drawn portraits; with <a href="/models">real models</a>{" "}
      Safelight knows far more.
    </p>
  );
}
