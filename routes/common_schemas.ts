import { z } from "zod";

/** What schemas of the API are made of. */

/** Text that PostgreSQL can hold: no NUL. */
export const text = (limit: number) =>
  z.string().max(limit).refine(
    (value) => !value.includes("\0"),
    "must not contain a NUL character",
  ).refine((value) => value.isWellFormed(), "must be well-formed Unicode");
export const name = text(200).trim().min(1);
export const path = text(4096).min(1);
export const id = z.int().positive();
export const count = z.int().nonnegative();
export const time = z.iso.datetime().nullable();
export const span = { from: z.iso.datetime(), to: z.iso.datetime() };
export const paged = <T extends z.ZodType>(items: T) =>
  z.object({ items: z.array(items), total: count, page: id, limit: id });
export const IdParam = z.object({ id: z.coerce.number().pipe(id) });
export const PageQuery = z.object({
  page: z.coerce.number().pipe(id).default(1),
  limit: z.coerce.number().pipe(z.int().min(1).max(100)).default(20),
});
export const CursorQuery = z.object({
  cursor: z.coerce.number().pipe(id).optional().describe("nextCursor of the page before"),
});
