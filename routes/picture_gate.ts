import type { MiddlewareHandler } from "hono";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";

/** Each may hold 64 MB of file and the memory of its decoder. */
const ABREAST = 2;
/** They hold a connection; what they send stays in its buffers. */
const WAITING = 8;
/** A form without a picture, or with one that nobody's memory minds. */
const SMALL = 64 * 1024;
/** A picture takes less than a second, its way here some more. */
const RETRY_SECONDS = 5;
/** Whoever sends nothing for so long keeps the place from others. */
const STALLED_MS = 20_000;

/**
 * Lets so many requests at a time have a picture read, before any of its body is: others wait, and
 * leave the queue where the server learns that their connection has ended, which with a body unread is
 * often at their turn only; beyond those it is a 503 that says when to come back. What
 * declares itself larger than `limit` passes, since it is refused without being read, and so does a
 * small form.
 */
export function pictureGate(
  limit: number,
  { abreast = ABREAST, waiting: most = WAITING, stalledMs = STALLED_MS } = {},
): MiddlewareHandler<Env> {
  const waiting = new Set<() => void>();
  let working = 0;

  /** Resolves with true at a place, with false where the client has gone. */
  function turn(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (working < abreast) {
      working++;
      return Promise.resolve(true);
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const enter = () => {
      signal.removeEventListener("abort", go);
      resolve(true);
    };
    const go = () => {
      waiting.delete(enter);
      resolve(false);
    };
    waiting.add(enter);
    signal.addEventListener("abort", go, { once: true });
    return promise;
  }

  // A place that somebody waits for is handed over: it is never free in between.
  function leave(): void {
    const [next] = waiting;
    if (!next) return void working--;
    waiting.delete(next);
    next();
  }

  return async (c, next) => {
    if (c.req.method !== "POST" || !needsPlace(c.req.raw, limit)) return next();
    if (working >= abreast && waiting.size >= most) {
      c.header("Retry-After", String(RETRY_SECONDS));
      throw new Fault(
        503,
        "too_many_pictures",
        `${working + waiting.size} pictures are being searched with already: ` +
          `try again in ${RETRY_SECONDS} seconds`,
      );
    }
    const { signal } = c.req.raw;
    if (!await turn(signal)) throw new Fault(400, "client_gone", "The connection was closed");
    try {
      if (c.req.raw.body) {
        c.req.raw = new Request(c.req.raw, { body: flowing(c.req.raw.body, stalledMs) });
      }
      await next();
    } finally {
      leave();
    }
  };
}

function needsPlace({ headers }: Request, limit: number): boolean {
  const length = headers.get("content-length");
  // Who sends piece by piece may say anything about the length.
  if (length === null || headers.has("transfer-encoding")) return true;
  return Number(length) > SMALL && Number(length) <= limit;
}

/** The same bytes, with an error where none come for so long. */
function flowing(body: ReadableStream<Uint8Array>, stalledMs: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const stalled = Promise.withResolvers<never>();
      const fault = () =>
        new Fault(
          408,
          "body_stalled",
          `Nothing came of the picture for ${stalledMs / 1000} seconds: send it again`,
        );
      const timer = setTimeout(() => stalled.reject(fault()), stalledMs);
      try {
        const { done, value } = await Promise.race([reader.read(), stalled.promise]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        void reader.cancel(error).catch(() => {});
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
