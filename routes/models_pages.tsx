import { type Context, Hono } from "hono";
import { ModelsPage } from "../views/models_page.tsx";
import { NoPack, PackCard } from "../views/pack_card.tsx";
import { actor } from "./actor.ts";
import { PackParam } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { modelsView } from "./models_view.ts";
import { cancel, pull, use, verify } from "./pack_deeds.ts";
import { readPacks } from "./packs.ts";
import { validate } from "./validate.ts";

const byName = validate("param", PackParam);

/** /models: packs of models, and the forms their buttons send. */
export const modelPages = new Hono<Env>()
  .get("/", async (c) => c.html(<ModelsPage view={await modelsView(c)} />))
  .get("/:name/card", byName, async (c) => {
    const { name } = c.req.valid("param");
    const { packs } = await readPacks(c.var);
    const pack = packs.find((pack) => pack.name === name);
    // With 404 a page left open would ask for ever.
    if (!pack) return c.html(<NoPack name={name} />);
    const choosing = c.var.config.modelsDir === null;
    return c.html(<PackCard pack={pack} choosing={choosing} now={new Date()} />);
  })
  .post("/:name/pull", byName, async (c) => {
    const { name } = c.req.valid("param");
    const { acceptLicence } = await c.req.parseBody();
    try {
      await pull(c.var, name, { acceptLicence: acceptLicence === "yes" });
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "licence_not_accepted") throw error;
      return c.html(<ModelsPage view={await modelsView(c)} refused={name} />, error.status);
    }
    return shown(c, name);
  })
  .post("/:name/cancel", byName, async (c) => {
    const { name } = c.req.valid("param");
    await cancel(c.var, name);
    return shown(c, name);
  })
  .post("/:name/verify", byName, async (c) => {
    const { name } = c.req.valid("param");
    await verify(c.var, name);
    return shown(c, name);
  })
  .post("/:name/use", byName, async (c) => {
    const { name } = c.req.valid("param");
    const run = await use(c.var, name, actor(c));
    return run === null ? shown(c, name) : c.redirect(`/sessions/${run}`, 303);
  });

const shown = (c: Context<Env>, name: string) => c.redirect(`/models#pack-${name}`, 303);
