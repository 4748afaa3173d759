import { Hono } from "hono";
import { ASSETS } from "../views/assets.ts";
import type { Env } from "./env.ts";

/** /assets: the name carries the content's hash, so browsers never ask twice. */
export const assetRoutes = new Hono<Env>()
  .get("/:name", (c) => {
    const asset = ASSETS.find(({ name }) => name === c.req.param("name"));
    if (!asset) return c.notFound();
    return c.body(asset.text, 200, {
      "Content-Type": asset.type,
      "Cache-Control": "public, max-age=31536000, immutable",
    });
  });
