import { PullError, TransientError } from "./pull_error.ts";

/** Where a file may come from. */
export interface Sources {
  /** Hosts, besides that of the URL, that redirects may lead to; `*.` takes any name before. */
  hosts: string[];
  /** For tests and nothing else: plain http to this very machine. */
  loopback?: boolean;
  /** A server to ask instead, as `MIRROR/host/path`; somebody chose it, so plain http is their matter. */
  mirror?: string | null;
}

const MOST_REDIRECTS = 10;
/** A server that asks to wait longer is not waited for. */
const LONGEST_WAIT_MS = 60_000;
const RESUMED = 206;
const NOTHING_LEFT = 416;

/**
 * Asks for the bytes of `url` from `from` on. The response is 200 (the whole file), 206 (from `from`
 * on) or 416 (there is nothing there). Redirects are followed over https and to known hosts only.
 * Throws a TransientError for what may be better in a moment, else a PullError.
 */
export async function download(
  url: string,
  { sources, from, validator, signal }: {
    sources: Sources;
    from: number;
    /** ETag or date of what is there: if it has changed, the whole file comes. */
    validator: string | null;
    signal: AbortSignal;
  },
): Promise<Response> {
  // Bytes are counted and hashed as they are stored: no compression on the way.
  const headers = new Headers({ "accept-encoding": "identity" });
  if (from > 0) {
    headers.set("range", `bytes=${from}-`);
    if (validator) headers.set("if-range", validator);
  }
  const start = sources.mirror ? mirrored(url, sources.mirror) : new URL(url);
  let at = start;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    checkSource(at, { start, sources });
    const response = await ask(at, { headers, redirect: "manual", signal });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) {
      return checkStatus(response, { host: at.host, from });
    }
    await response.body?.cancel();
    const next = URL.parse(location, at);
    if (!next) {
      throw new PullError("redirect", `${at.host} leads on to "${location}", which is no URL`);
    }
    at = next;
  }
  throw new PullError("redirect", `${start.host} leads in a circle: ${MOST_REDIRECTS} redirects`);
}

function mirrored(url: string, mirror: string): URL {
  const { host, pathname } = new URL(url);
  return new URL(`${mirror.replace(/\/+$/, "")}/${host}${pathname}`);
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

function checkSource(at: URL, { start, sources }: { start: URL; sources: Sources }): void {
  const sameAsMirror = sources.mirror && at.origin === start.origin;
  const plain = sources.loopback && LOOPBACK.test(at.hostname);
  if (at.protocol !== "https:" && !(at.protocol === "http:" && (plain || sameAsMirror))) {
    throw new PullError(
      "redirect",
      `${start.host} would have it fetched by ${at.protocol}//${at.host}; only https is accepted`,
    );
  }
  const known = at.hostname === start.hostname ||
    sources.hosts.some((host) =>
      host.startsWith("*.") ? at.hostname.endsWith(host.slice(1)) : at.hostname === host
    );
  if (!known) {
    throw new PullError(
      "redirect",
      `${start.host} leads on to ${at.host}, which the pack's manifest does not name; if you trust ` +
        `that host, add it to "hosts" in a manifest of your own`,
    );
  }
}

async function ask(at: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(at, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new TransientError(
      "offline",
      `${at.host} cannot be reached (${
        reason(error)
      }); look at this machine's connection, proxy and ` +
        `firewall, and pull again: what was fetched is kept`,
      { cause: error },
    );
  }
}

// Deno puts the address into the message, and those of redirects are signed: it is left out.
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  const text = cause instanceof Error ? cause.message : message;
  return text.replace(/^error sending request (from \S+ )?for (url )?\(?\S+\)?( \([^)]*\))?: /, "")
    .replace(/^client error \(\w+\): /, "");
}

async function checkStatus(
  response: Response,
  { host, from }: { host: string; from: number },
): Promise<Response> {
  const { status, headers } = response;
  if (status === 200 || (from > 0 && (status === RESUMED || status === NOTHING_LEFT))) {
    return response;
  }
  await response.body?.cancel();
  if (status >= 500 || status === 408 || status === 429) {
    const waitMs = retryAfter(headers.get("retry-after"));
    if (waitMs !== null && waitMs > LONGEST_WAIT_MS) {
      throw new PullError(
        "http",
        `${host} is not ready (HTTP ${status}) and asks to come again in ` +
          `${Math.ceil(waitMs / 60_000)} minutes; what was fetched is kept`,
      );
    }
    throw new TransientError(
      "http",
      `${host} has a fault of its own (HTTP ${status}); pull again later: what was fetched is kept`,
      { waitMs },
    );
  }
  if (status === 401 || status === 403) {
    throw new PullError(
      "http",
      `${host} refuses the file (HTTP ${status}): it may want an account, or block this network; ` +
        `fetch the pack's files by another way and name their folder in SAFELIGHT_MODELS`,
    );
  }
  if (status === 404 || status === 410) {
    throw new PullError(
      "http",
      `${host} does not have the file any more (HTTP ${status}); a newer Safelight may know where it ` +
        `went, or name its new URL in a manifest of your own`,
    );
  }
  throw new PullError("http", `${host} answered with HTTP ${status}, which says nothing useful`);
}

/** Milliseconds of a Retry-After in seconds or as a date; null if it is neither. */
function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : Math.max(0, time - Date.now());
}
