import type { Context } from "hono";
import type { Env } from "./env.ts";

/**
 * The way to the last page there is, if one behind it was asked for: answers and names make lists
 * shorter while somebody goes through them. Null if the page is there.
 */
export function toLastPage(
  c: Context<Env>,
  { page, pages }: { page: number; pages: number },
): Response | null {
  const last = Math.max(1, pages);
  if (page <= last) return null;
  const url = new URL(c.req.url);
  if (last === 1) url.searchParams.delete("page");
  else url.searchParams.set("page", String(last));
  return c.redirect(url.pathname + url.search, 302);
}
