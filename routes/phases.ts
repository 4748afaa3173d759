import { Hono } from "hono";
import { z } from "zod";
import type { Db } from "../db/client.ts";
import type { Transition } from "../jobs/lifecycle.ts";
import {
  cancelPhase,
  pausePhase,
  type PhaseOptions,
  resumePhase,
  retryPhase,
} from "../jobs/phase_lifecycle.ts";
import { actor } from "./actor.ts";
import { PhaseActionParam } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { validate } from "./validate.ts";

const ACTIONS: Record<
  z.infer<typeof PhaseActionParam>["action"],
  (db: Db, id: number, options: PhaseOptions) => Promise<Transition>
> = { pause: pausePhase, resume: resumePhase, cancel: cancelPhase, retry: retryPhase };

const byPhase = validate("param", PhaseActionParam);

/** /api/v1/training/sessions/:id/phases/:phase/:action: what can be done to one phase alone. */
export const phaseRoutes = new Hono<Env>()
  .post("/:id/phases/:phase/:action", byPhase, async (c) => {
    const { id, phase, action } = c.req.valid("param");
    const options = { ...actor(c), phase };
    const { changed, status } = await ACTIONS[action](c.var.database.db, id, options);
    return c.json({ sessionId: id, status, changed });
  });

/** The same from the buttons of the session page. */
export const phasePages = new Hono<Env>()
  .post("/:id/phases/:phase/:action", byPhase, async (c) => {
    const { id, phase, action } = c.req.valid("param");
    await ACTIONS[action](c.var.database.db, id, { ...actor(c), phase });
    return c.redirect(`/sessions/${id}`, 303);
  });
