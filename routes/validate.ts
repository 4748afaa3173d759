import { zValidator } from "@hono/zod-validator";
import type { ValidationTargets } from "hono";
import type { z, ZodType } from "zod";
import { Fault } from "./fault.ts";

/** Checks one part of the request against a schema; a fault is a 400 that names every wrong field. */
export const validate = <T extends keyof ValidationTargets, S extends ZodType>(
  target: T,
  schema: S,
) =>
  zValidator(target, schema, (result) => {
    if (!result.success) throw faultOf(result.error);
  });

/** The same for what a handler has read by itself. */
export function check<S extends ZodType>(schema: S, given: unknown): z.output<S> {
  const result = schema.safeParse(given);
  if (!result.success) throw faultOf(result.error);
  return result.data;
}

function faultOf({ issues }: { issues: { path: PropertyKey[]; message: string }[] }): Fault {
  const details = issues.map((issue) => ({
    field: issue.path.join(".") || null,
    problem: issue.message,
  }));
  const told = details.map(({ field, problem }) => field ? `${field}: ${problem}` : problem);
  return new Fault(400, "invalid_request", `Cannot use this request: ${told.join("; ")}`, details);
}
