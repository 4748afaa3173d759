import { type Context, Hono } from "hono";
import type { z } from "zod";
import type { Db } from "../db/client.ts";
import type { FailureAction } from "../db/failure_queries.ts";
import { ITEM_PHASES, LISTING_PHASES, UNREADABLE } from "../db/item_queries.ts";
import { idsOf } from "../db/ledger_scan.ts";
import { SessionNotFound } from "../jobs/session_state.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { readProgress } from "../jobs/read_progress.ts";
import type { Outcome } from "../views/failure_news.tsx";
import { isLive } from "../views/words.ts";
import { actor } from "./actor.ts";
import { IdParam } from "./api_schemas.ts";
import { type Asked, askFor } from "./ask_for.ts";
import type { Env } from "./env.ts";
import { FailureForm } from "./failure_schemas.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);

/** What the buttons of the failures and items pages send, and "Retry failed" of the session's. */
export const failureForms = new Hono<Env>()
  .post("/:id/retry", byId, validate("form", FailureForm), (c) => act(c, "retry"))
  .post("/:id/ignore", byId, validate("form", FailureForm), (c) => act(c, "ignore"));

type Form = z.infer<typeof FailureForm>;

async function act(
  c: Context<Env, string, { out: { param: { id: number }; form: Form } }>,
  action: FailureAction,
): Promise<Response> {
  const { id } = c.req.valid("param");
  const form = c.req.valid("form");
  const outcome = await outcomeOf(c, { id, form, action });
  return c.redirect(placeOf(id, form, outcome), 303);
}

async function outcomeOf(
  c: Context<Env>,
  { id, form, action }: { id: number; form: Form; action: FailureAction },
): Promise<Outcome> {
  const asked = await askAll(c.var.database.db, id, { action, form, ...actor(c) });
  if (!asked) return { refused: "nothing" };
  // The second click of a double click, or another tab: what was wanted goes on already.
  if (action === "retry" && isLive(asked.status)) return { refused: "running" };
  return { asked: action, named: asked.named ?? undefined, taken: asked.taken };
}

/** Carries the wish of a form to where it belongs; null if it names nothing. */
async function askAll(
  db: Db,
  id: number,
  { action, form, by }: { action: FailureAction; form: Form; by: string },
): Promise<Asked | null> {
  const { only, jobId: ticked, all, again, phase, reason } = form;
  const ask = (about: { jobIds?: number[]; phase?: Form["phase"] }) =>
    askFor(db, id, { action, by, ...about });
  if (only) return await ask({ jobIds: [only] });
  if (again) return await ask({ phase: "discovery" });
  // A form of the list names what it is about; the session page's button means everything.
  if (!all && ticked.length > 0) return await ask({ jobIds: ticked });
  if (!all && form.back) return null;
  if (reason === UNREADABLE) return await ask({ phase: "discovery" });
  if (reason) {
    const phases = LISTING_PHASES.filter((name) => !phase || name === phase);
    const jobIds = await idsOf(db, { sessionId: id, phases, state: "failed", reason });
    return await ask({ jobIds });
  }
  if (action === "ignore" || phase || !form.back) return await ask({ phase });
  // Everything on the page: also the folders that could not be read.
  const { discovery, training, faceDetection } = (await mustRead(db, id)).phases;
  const unread = discovery.progress.failed > 0 ? await ask({ phase: "discovery" }) : null;
  const failed = training.progress.failed + faceDetection.progress.failed;
  if (unread && failed === 0) return unread;
  const items = await ask({});
  return { ...items, taken: items.taken + (unread?.taken ?? 0) };
}

function placeOf(id: number, { back, phase, reason, cursor }: Form, outcome: Outcome): string {
  if (!back) return `/sessions/${id}`;
  const items = back === "items";
  const listed = ITEM_PHASES.find((name) => name === phase);
  const at = { phase: listed, reason, cursor: items ? cursor.replace(/^.*:/, "") : cursor };
  const query = { ...(items ? { ...at, state: "skipped" } : at), ...outcome };
  const params = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(params.map(([name, value]) => [name, String(value)]));
  return `/sessions/${id}/${back}?${search}`;
}

/** The progress of a session; throws SessionNotFound. */
export async function mustRead(db: Db, id: number): Promise<UnifiedProgress> {
  const progress = await readProgress(db, id);
  if (!progress) throw new SessionNotFound(id);
  return progress;
}
