import { zValidator } from "@hono/zod-validator";
import type { ValidationTargets } from "hono";
import type { ZodType } from "zod";
import { Fault } from "./fault.ts";

/** Checks one part of the request against a schema; a fault is a 400 that names every wrong field. */
export const validate = <T extends keyof ValidationTargets, S extends ZodType>(
  target: T,
  schema: S,
) =>
  zValidator(target, schema, (result) => {
    if (result.success) return;
    const details = result.error.issues.map((issue) => ({
      field: issue.path.join(".") || null,
      problem: issue.message,
    }));
    const told = details.map(({ field, problem }) => field ? `${field}: ${problem}` : problem);
    throw new Fault(400, "invalid_request", `Cannot use this request: ${told.join("; ")}`, details);
  });
