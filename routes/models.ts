import { type Context, Hono } from "hono";
import type { z } from "zod";
import { actor } from "./actor.ts";
import * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { modelsView } from "./models_view.ts";
import { cancel, pull, use, verify } from "./pack_deeds.ts";
import { readPacks } from "./packs.ts";
import { validate } from "./validate.ts";

const byName = validate("param", Api.PackParam);

/** /api/v1/models: packs of models, and what may be done with them. */
export const modelRoutes = new Hono<Env>()
  .get("/", async (c) => {
    const { packs, now, ...rest } = await modelsView(c);
    const body: z.infer<typeof Api.ModelList> = { items: packs, ...rest, now: now.toISOString() };
    return c.json(body);
  })
  .post("/:name/pull", byName, validate("json", Api.PullRequest), async (c) => {
    const { name } = c.req.valid("param");
    return await done(c, name, await pull(c.var, name, c.req.valid("json")));
  })
  .post("/:name/cancel", byName, async (c) => {
    const { name } = c.req.valid("param");
    return await done(c, name, await cancel(c.var, name));
  })
  .post("/:name/verify", byName, async (c) => {
    const { name } = c.req.valid("param");
    return await done(c, name, await verify(c.var, name));
  })
  .post("/:name/use", byName, async (c) => {
    const { name } = c.req.valid("param");
    const body: z.infer<typeof Api.PackUse> = { sessionId: await use(c.var, name, actor(c)) };
    return c.json(body);
  });

async function done(c: Context<Env>, name: string, changed: boolean): Promise<Response> {
  const { packs } = await readPacks(c.var);
  const pack = packs.find((pack) => pack.name === name)!;
  const body: z.infer<typeof Api.PackDeed> = { changed, pack };
  return c.json(body, changed ? 202 : 200);
}
