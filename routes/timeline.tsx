import { type Context, Hono } from "hono";
import type { z } from "zod";
import type { SessionEvent } from "../db/timeline_queries.ts";
import { SessionNotFound } from "../jobs/session_state.ts";
import { readTimeline, type Timeline } from "../jobs/read_timeline.ts";
import type { Span } from "../jobs/timeline.ts";
import { DeletedSession } from "../views/session_progress.tsx";
import { TimelinePage, TimelineSection } from "../views/timeline_page.tsx";
import { CursorQuery, IdParam } from "./api_schemas.ts";
import type * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);
const paged = validate("query", CursorQuery);

/** /sessions/:id/timeline: a session over time. */
export const timelinePages = new Hono<Env>()
  .get("/:id/timeline", byId, paged, async (c) => {
    const { cursor } = c.req.valid("query");
    const timeline = await read(c, { ...c.req.valid("param"), cursor });
    return c.html(<TimelinePage timeline={timeline} cursor={cursor} />);
  })
  .get("/:id/timeline/section", byId, paged, async (c) => {
    const { id } = c.req.valid("param");
    const { cursor } = c.req.valid("query");
    try {
      const timeline = await read(c, { id, cursor });
      return c.html(<TimelineSection timeline={timeline} cursor={cursor} />);
    } catch (error) {
      // With 404 a page left open would ask for ever.
      if (error instanceof SessionNotFound) return c.html(<DeletedSession id={id} />);
      throw error;
    }
  });

/** /api/v1/sessions/:id/timeline: the same for programs. */
export const timelineRoutes = new Hono<Env>()
  .get("/:id/timeline", byId, paged, async (c) => {
    const { cursor } = c.req.valid("query");
    return c.json(timelineShape(await read(c, { ...c.req.valid("param"), cursor })));
  });

/** On one snapshot, so that a phase that ends meanwhile has its end and its last count. */
async function read(
  c: Context<Env>,
  query: { id: number; cursor?: number },
): Promise<Timeline> {
  const timeline = await c.var.database.db.transaction(
    (tx) => readTimeline(tx, query),
    { isolationLevel: "repeatable read", accessMode: "read only" },
  );
  if (timeline === null) throw new SessionNotFound(query.id);
  return timeline;
}

function timelineShape(timeline: Timeline): z.infer<typeof Api.Timeline> {
  const { session, during, events } = timeline;
  return {
    sessionId: session.id,
    status: session.status,
    round: session.round,
    during: during && spanShape(during),
    phases: timeline.phases.map((phase) => ({
      name: phase.name,
      status: phase.status,
      segments: phase.segments.map((segment) => ({ ...segment, ...spanShape(segment) })),
      throughput: phase.throughput.map((point) => ({ ...point, ...spanShape(point) })),
      total: phase.total,
      expectedSeconds: phase.expectedSeconds,
      tookSeconds: phase.tookSeconds,
      wallSeconds: phase.wallSeconds,
      ratePerMinute: phase.ratePerMinute,
    })),
    marks: timeline.marks.map(eventShape),
    errors: timeline.errors.map((error) => ({ ...error, ...spanShape(error) })),
    truncated: timeline.truncated,
    events: { items: events.rows.map(eventShape), nextCursor: events.nextCursor },
  };
}

const spanShape = ({ from, to }: Span) => ({ from: from.toISOString(), to: to.toISOString() });

const eventShape = (event: SessionEvent) => ({ ...event, at: event.at.toISOString() });
