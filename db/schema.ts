/** Every table, and the names their columns hold. Change one, then run `deno task db:generate`. */

export * from "./schema/events.ts";
export * from "./schema/findings.ts";
export * from "./schema/jobs.ts";
export * from "./schema/library.ts";
export * from "./schema/names.ts";
export * from "./schema/people.ts";
export * from "./schema/sessions.ts";
export * from "./schema/workers.ts";
