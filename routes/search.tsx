import { Hono } from "hono";
import type { z } from "zod";
import type { SearchResult } from "../db/search.ts";
import { SearchPage } from "../views/search_page.tsx";
import { type Found, SearchPageQuery, SearchQuery } from "./search_schemas.ts";
import type { Env } from "./env.ts";
import { thumbnailUrl } from "./shapes.ts";
import { validate } from "./validate.ts";

const ON_A_PAGE = 60;

/** /api/v1/search */
export const searchRoutes = new Hono<Env>()
  .get("/", validate("query", SearchQuery), async (c) => {
    const { q, limit } = c.req.valid("query");
    return c.json(foundShape(await c.var.search.find(q, limit)));
  });

/** /search */
export const searchPages = new Hono<Env>()
  .get("/", validate("query", SearchPageQuery), async (c) => {
    const { q } = c.req.valid("query");
    const found = q === "" ? null : await c.var.search.find(q, ON_A_PAGE);
    return c.html(<SearchPage query={q} found={found} />);
  });

const foundShape = (found: SearchResult): z.infer<typeof Found> => ({
  ...found,
  results: found.results.map(({ id, ...photo }) => ({
    photoId: id,
    ...photo,
    thumbnailUrl: thumbnailUrl(id),
  })),
});
