import { Hono } from "hono";
import { z } from "zod";
import { lastChanges } from "../db/change_queries.ts";
import { undoChange } from "../jobs/people/change.ts";
import { ChangesPage } from "../views/changes_page.tsx";
import { id } from "./common_schemas.ts";
import type { Env } from "./env.ts";
import { deed, Form } from "./people_forms.tsx";
import { FrameQuery, readFrame } from "./people_frame.ts";
import { validate } from "./validate.ts";

const PER_PAGE = 50;
const number = z.coerce.number().pipe(id);

/** /changes: what was done to people and faces, and the way back. */
export const changePages = new Hono<Env>()
  .get("/", validate("query", FrameQuery.extend({ before: number.optional() })), async (c) => {
    const query = c.req.valid("query");
    const { before } = query;
    const [rows, frame] = await Promise.all([
      lastChanges(c.var.database.db, PER_PAGE + 1, { before }),
      readFrame(c, query),
    ]);
    const changes = rows.slice(0, PER_PAGE);
    const next = rows.length > PER_PAGE ? changes[PER_PAGE - 1].id : null;
    return c.html(
      <ChangesPage changes={changes} before={before ?? null} next={next} frame={frame} />,
    );
  })
  .post("/undo", validate("form", Form.extend({ changeId: number.optional() })), (c) => {
    const { back, changeId } = c.req.valid("form");
    return deed(c, back, async (db, by) => {
      const change = await undoChange(db, { changeId }, by);
      // The news are of what was taken back.
      return { ...change, changeId: change.changeId ?? changeId ?? null };
    });
  });
