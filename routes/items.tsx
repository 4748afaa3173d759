import { Hono } from "hono";
import { LISTING_PHASES, listItems } from "../db/item_queries.ts";
import { countReasons } from "../db/ledger_scan.ts";
import { ItemsPage } from "../views/items_page.tsx";
import { IdParam, ItemQuery } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { ItemPageQuery } from "./failure_schemas.ts";
import { mustFind } from "./sessions.ts";
import { itemPageShape } from "./shapes.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);

/** /api/v1/sessions/:id/items: the files behind each figure of the ledger. */
export const itemRoutes = new Hono<Env>()
  .get("/:id/items", byId, validate("query", ItemQuery), async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    await mustFind(db, id);
    const page = await listItems(db, { sessionId: id, ...c.req.valid("query") });
    return c.json(itemPageShape(page));
  });

/** /sessions/:id/items: the same as a page; what failed has a page of its own. */
export const itemPages = new Hono<Env>()
  .get("/:id/items", byId, validate("query", ItemPageQuery), async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    const query = c.req.valid("query");
    const { phase, state } = query;
    if (state === "failed") return c.redirect(`/sessions/${id}/failures?phase=${phase}`, 302);
    const session = await mustFind(db, id);
    const [page, counted] = await Promise.all([
      listItems(db, { sessionId: id, ...query }),
      state === "skipped"
        ? countReasons(db, {
          sessionId: id,
          phases: LISTING_PHASES.filter((name) => name === phase),
          state,
        })
        : null,
    ]);
    return c.html(
      <ItemsPage
        session={session}
        query={query}
        page={page}
        counted={counted}
        now={new Date()}
      />,
    );
  });
