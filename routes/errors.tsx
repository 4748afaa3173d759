import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { code, isConnectionFault } from "../db/client.ts";
import { EncoderFault } from "../db/search/stages.ts";
import { SearchFault } from "../db/search/types.ts";
import { PeopleFault } from "../jobs/people/fault.ts";
import { SessionNotFound } from "../jobs/session_state.ts";
import { IllegalTransition } from "../jobs/transitions.ts";
import { log, logError } from "../log.ts";
import { ErrorPage } from "../views/error_page.tsx";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";

/** The one shape of an error, in the API's replies and behind every error page. */
export interface ErrorBody {
  error: { code: string; message: string; details?: unknown };
}

/**
 * Status and body for anything a handler threw. What the client can mend is told as it is; anything
 * else is logged under an id, and the client learns the id and nothing more.
 */
export function describeError(error: unknown): { status: ContentfulStatusCode; body: ErrorBody } {
  const reply = (
    status: ContentfulStatusCode,
    code: string,
    message: string,
    details?: unknown,
  ) => ({
    status,
    body: { error: { code, message, ...(details === undefined ? {} : { details }) } },
  });
  if (error instanceof Fault) {
    return reply(error.status, error.code, error.message, error.details);
  }
  if (error instanceof SessionNotFound) return reply(404, "session_not_found", error.message);
  if (error instanceof IllegalTransition) {
    const { action, current } = error;
    return reply(409, "illegal_transition", error.message, { action, status: current });
  }
  if (error instanceof PeopleFault) {
    return reply(PEOPLE_STATUS[error.kind], error.code, error.message);
  }
  if (error instanceof SearchFault) {
    return reply(error.code === "photo_not_found" ? 404 : 400, error.code, error.message);
  }
  if (error instanceof EncoderFault) return reply(503, "no_models", error.message);
  if (error instanceof HTTPException) {
    const name = error.status === 400 ? "malformed_request" : `http_${error.status}`;
    return reply(error.status as ContentfulStatusCode, name, error.message);
  }
  if (isConnectionFault(error)) {
    log("warn", "the database did not answer a request", { code: code(error) });
    return reply(
      503,
      "database_unreachable",
      "The database does not answer at the moment; nothing is lost, try again in a few seconds",
    );
  }
  const errorId = logError("a request failed", error);
  const message = `Something went wrong here; the log has the details under ${errorId}`;
  return reply(500, "internal_error", message, { errorId });
}

const PEOPLE_STATUS = { missing: 404, conflict: 409, invalid: 400 } as const;

/** Answers with the error as JSON under /api, as a page elsewhere. */
export function onError(error: Error, c: Context<Env>): Response | Promise<Response> {
  const { status, body } = describeError(error);
  if (isApi(c.req.path)) return c.json(body, status);
  return c.html(<ErrorPage status={status} message={body.error.message} />, status);
}

/** Where no handler is: 405 if there is one for another method of `methods`, otherwise 404. */
export function onNotFound(c: Context<Env>, methods: string[]): Response | Promise<Response> {
  const { method, path } = c.req;
  const known = methods.includes("GET") ? ["HEAD", ...methods] : methods;
  if (known.length === 0 || known.includes(method)) {
    return onError(new Fault(404, "not_found", `There is nothing at ${path}`), c);
  }
  const allow = known.join(", ");
  c.header("Allow", allow);
  const message = `${method} means nothing at ${path}; it takes ${allow}`;
  return onError(new Fault(405, "method_not_allowed", message), c);
}

/** True where replies are JSON. */
export const isApi = (path: string) => path.startsWith("/api/");
