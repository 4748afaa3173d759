import { Hono } from "hono";
import type { z } from "zod";
import { countDuplicates, listDuplicates } from "../db/duplicate_queries.ts";
import { DuplicatesPage, DuplicatesTotal, DuplicatesTotalPage } from "../views/duplicates_page.tsx";
import { DUPLICATE_FORMATS, exportDuplicates } from "./duplicate_export.ts";
import type * as Api from "./duplicate_schemas.ts";
import {
  DuplicatesExportQuery,
  DuplicatesFormQuery,
  DuplicatesPageQuery,
  DuplicatesQuery,
} from "./duplicate_schemas.ts";
import { groupShape } from "./duplicate_shapes.ts";
import type { Env } from "./env.ts";
import { validate } from "./validate.ts";

const PER_PAGE = 20;
const now = () => new Date();

/** /api/v1/duplicates */
export const duplicateRoutes = new Hono<Env>()
  .get("/", validate("query", DuplicatesQuery), async (c) => {
    const { cursor, ...query } = c.req.valid("query");
    const page = await listDuplicates(c.var.database.db, { ...query, after: Number(cursor) });
    const body: z.infer<typeof Api.DuplicatesPage> = {
      items: page.groups.map(groupShape),
      nextCursor: page.next?.toString() ?? null,
    };
    return c.json(body);
  });

/** /duplicates: the page, how much there is in all, and all of it as a file. */
export const duplicatePages = new Hono<Env>()
  .get("/", validate("query", DuplicatesFormQuery), async (c) => {
    const given = c.req.valid("query");
    const { success, data, error } = DuplicatesPageQuery.safeParse(given);
    if (!success) {
      const [{ message }] = error.issues;
      return c.html(<DuplicatesPage query={given} page={null} fault={message} now={now()} />, 400);
    }
    const { cursor, ...filter } = data;
    const { db } = c.var.database;
    const page = await listDuplicates(db, { ...filter, after: Number(cursor), limit: PER_PAGE });
    return c.html(<DuplicatesPage query={data} page={page} now={now()} />);
  })
  .get("/total", validate("query", DuplicatesPageQuery), async (c) => {
    const { cursor: _, ...filter } = c.req.valid("query");
    const total = await countDuplicates(c.var.database.db, filter);
    // A part of the page where a script asks for it, else a page of its own.
    return c.html(
      c.req.header("hx-request")
        ? <DuplicatesTotal total={total} />
        : <DuplicatesTotalPage query={filter} total={total} />,
    );
  })
  .get("/export", validate("query", DuplicatesExportQuery), (c) => {
    const { format, ...filter } = c.req.valid("query");
    const name = ["safelight-duplicates", filter.kind].filter(Boolean).join("-");
    const { db } = c.var.database;
    return c.body(exportDuplicates(db, filter, DUPLICATE_FORMATS[format]), 200, {
      "Content-Type": DUPLICATE_FORMATS[format].type,
      "Content-Disposition": `attachment; filename="${name}.${format}"`,
      "Cache-Control": "no-store",
    });
  });
