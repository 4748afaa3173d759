import { type Context, Hono } from "hono";
import type { z } from "zod";
import { type Failure, listFailures, waitingRequests } from "../db/failure_queries.ts";
import { LISTING_PHASES } from "../db/item_queries.ts";
import { countReasons } from "../db/ledger_scan.ts";
import type { UnifiedProgress } from "../jobs/progress.ts";
import { readProgress } from "../jobs/read_progress.ts";
import { FailureNews } from "../views/failure_news.tsx";
import { FailuresPage, type FailuresView } from "../views/failures_page.tsx";
import { explain } from "../views/reasons.ts";
import { IdParam } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { exportFailures, FORMATS, type PhaseFault } from "./failure_export.ts";
import { mustRead } from "./failure_forms.ts";
import { type FailurePage, FailurePageQuery, FailureQuery } from "./failure_schemas.ts";
import { mustFind } from "./sessions.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);
const PER_PAGE = 50;
const REQUESTS_SHOWN = 5;

/** /api/v1/sessions/:id/failures: page by page, or all of them as a file. */
export const failureRoutes = new Hono<Env>()
  .get("/:id/failures", byId, validate("query", FailureQuery), async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    const { format, ...query } = c.req.valid("query");
    const phases = phaseFaults(await mustRead(db, id));
    if (format) {
      const selection = { sessionId: id, phase: query.phase, reason: query.reason };
      const name = ["safelight-session", id, "failures", query.phase, query.reason]
        .filter((part) => part !== undefined).join("-").replaceAll(/[^\w-]/g, "_");
      return c.body(exportFailures(db, selection, { format: FORMATS[format], phases }), 200, {
        "Content-Type": FORMATS[format].type,
        "Content-Disposition": `attachment; filename="${name}.${format}"`,
        "Cache-Control": "no-store",
      });
    }
    const page = await listFailures(db, { sessionId: id, ...query });
    const body: z.infer<typeof FailurePage> = {
      items: page.items.map(failureShape),
      phases,
      nextCursor: page.nextCursor,
      limit: query.limit,
    };
    return c.json(body);
  });

/** /sessions/:id/failures: the page, and its news while something waits for a worker. */
export const failurePages = new Hono<Env>()
  .get("/:id/failures", byId, validate("query", FailurePageQuery), async (c) => {
    const { id } = c.req.valid("param");
    return c.html(<FailuresPage {...await failuresView(c, id, c.req.valid("query"))} />);
  })
  .get("/:id/failures/news", byId, validate("query", FailurePageQuery), async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    const [progress, waiting] = await Promise.all([
      readProgress(db, id),
      waitingRequests(db, id, REQUESTS_SHOWN),
    ]);
    // Carried out, or deleted with its session: the whole page is another now.
    if (!progress || waiting.length === 0) c.header("HX-Refresh", "true");
    if (!progress) return c.body(null, 204);
    const query = c.req.valid("query");
    return c.html(
      <FailureNews id={id} query={query} progress={progress} waiting={waiting} now={new Date()} />,
    );
  });

/** Everything the page shows, on one snapshot: figures and lists would otherwise contradict. */
function failuresView(
  c: Context<Env>,
  id: number,
  query: z.infer<typeof FailurePageQuery>,
): Promise<FailuresView> {
  const { phase } = query;
  return c.var.database.db.transaction(async (tx) => {
    const session = await mustFind(tx, id);
    const progress = await mustRead(tx, id);
    return {
      session,
      progress,
      query,
      page: await listFailures(tx, { sessionId: id, ...query, limit: PER_PAGE }),
      counted: await countReasons(tx, {
        sessionId: id,
        phases: LISTING_PHASES.filter((name) => !phase || name === phase),
        state: "failed",
      }),
      waiting: await waitingRequests(tx, id, REQUESTS_SHOWN),
      phaseFaults: phaseFaults(progress),
      now: new Date(),
    };
  }, { isolationLevel: "repeatable read", accessMode: "read only" });
}

const phaseFaults = ({ phases }: UnifiedProgress): PhaseFault[] =>
  Object.values(phases).filter(({ status, error }) => status === "failed" && error !== null)
    .map(({ name, error, completedAt }) => ({
      phase: name,
      message: error!,
      failedAt: completedAt,
    }));

const failureShape = (failure: Failure): z.infer<typeof FailurePage>["items"][number] => ({
  phase: failure.phase,
  jobId: failure.jobId,
  path: failure.path,
  photoId: failure.photoId,
  reason: failure.reason ?? "unknown",
  explanation: explain(failure.reason).text,
  message: failure.message,
  failedAt: failure.finishedAt?.toISOString() ?? null,
  tries: failure.tries,
  attempts: failure.history.map(({ startedAt, endedAt, ...attempt }) => ({
    ...attempt,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt.toISOString(),
  })),
  files: failure.files,
});
