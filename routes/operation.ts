import type { ZodType } from "zod";
import { IdParam } from "./common_schemas.ts";

/** What a route of the API takes and gives. */
export interface Operation {
  summary: string;
  path?: ZodType;
  query?: ZodType;
  body?: ZodType;
  /** Media types of a body that is no JSON. */
  upload?: string[];
  replies: Record<number, Reply>;
}

/** A schema (JSON), a media type, null (no body), or several that are asked for by a parameter. */
export type Reply = ZodType | string | null | (ZodType | string)[];

/** An operation on the thing that the path names by its id. */
export const one = (
  summary: string,
  reply: Reply,
  { status = 200, ...more }: Partial<Operation> & { status?: number } = {},
): Operation => ({ summary, path: IdParam, replies: { [status]: reply }, ...more });

/** An operation on all of them, or on what the query selects. */
export const all = (summary: string, reply: Reply, more: Partial<Operation> = {}): Operation => ({
  summary,
  replies: { 200: reply },
  ...more,
});
