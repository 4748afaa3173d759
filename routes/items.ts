import { Hono } from "hono";
import { listItems } from "../db/item_queries.ts";
import { IdParam, ItemQuery } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { mustFind } from "./sessions.ts";
import { itemPageShape } from "./shapes.ts";
import { validate } from "./validate.ts";

/** /api/v1/sessions/:id/items: the files behind each figure of the ledger. */
export const itemRoutes = new Hono<Env>()
  .get(
    "/:id/items",
    validate("param", IdParam),
    validate("query", ItemQuery),
    async (c) => {
      const { db } = c.var.database;
      const { id } = c.req.valid("param");
      await mustFind(db, id);
      const page = await listItems(db, { sessionId: id, ...c.req.valid("query") });
      return c.json(itemPageShape(page));
    },
  );
