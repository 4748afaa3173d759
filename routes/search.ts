import { Hono } from "hono";
import type { z } from "zod";
import type { Search, SearchResult } from "../db/search/types.ts";
import { ImageError } from "../models/types.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { readPictureRequest } from "./picture_request.ts";
import { datesAsked } from "./search_dates.ts";
import { strictFilter } from "./search_filters.ts";
import { type Found, PictureSearchQuery, SearchQuery } from "./search_schemas.ts";
import { thumbnailUrl } from "./shapes.ts";
import { check, validate } from "./validate.ts";

type Query = z.infer<typeof SearchQuery>;

/** /api/v1/search */
export const searchRoutes = new Hono<Env>()
  .get("/", validate("query", SearchQuery), async (c) => {
    const query = c.req.valid("query");
    return c.json(foundShape(await find(c.var.search, query)));
  })
  .get("/index", async (c) => {
    const progress = await c.var.search.indexProgress();
    return c.json(progress ?? { state: "idle", done: 0, total: 0 });
  })
  .post("/", async (c) => {
    const { fields, bytes } = await readPictureRequest(c.req.raw);
    const query = check(PictureSearchQuery, fields);
    // Before the picture is read: what is wrong with a filter is told at once.
    const filter = strictFilter(query, new Date());
    const picture = await c.var.search.encodePicture(bytes).catch((error) => {
      throw error instanceof ImageError ? unusable(error) : error;
    });
    const found = await find(c.var.search, { ...query, picture }, filter);
    return c.json({ ...foundShape(found), picture });
  });

function find(
  search: Search,
  query: Query,
  filter = strictFilter(query, new Date()),
): Promise<SearchResult> {
  return search.find({
    words: query.q,
    photoId: query.like,
    picture: query.picture,
    filter,
    dates: datesAsked(query),
    limit: query.limit,
    cursor: query.cursor,
    everything: query.everything,
    facets: query.facets,
  });
}

const unusable = ({ fault, message }: ImageError) =>
  new Fault(
    fault === "unsupported" ? 415 : 422,
    "unusable_picture",
    `Cannot search with this file: ${message}`,
  );

const foundShape = (found: SearchResult): z.infer<typeof Found> => ({
  ...found,
  results: found.results.map(({ id, ...photo }) => ({
    photoId: id,
    ...photo,
    thumbnailUrl: thumbnailUrl(id),
  })),
});
