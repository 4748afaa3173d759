import type { Context } from "hono";
import type { Change, Target } from "../jobs/people/actions.ts";
import type { Env } from "./env.ts";

/** Whose faces are to be, out of a checked request: an existing person, or a new one of that name. */
export function target({ personId, name }: { personId?: number; name?: string }): Target {
  return personId === undefined ? { name: name! } : { personId };
}

/** The reply to an action: 201 where it made something, 200 where it changed or found it so. */
export function changed(c: Context<Env>, change: Change, { made }: { made: boolean }): Response {
  return c.json(change, made && change.changeId !== null ? 201 : 200);
}
