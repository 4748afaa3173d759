import { Hono } from "hono";
import { z } from "zod";
import { clusterFaces, findCluster } from "../db/cluster_queries.ts";
import { suggestedOf } from "../db/suggestion_queries.ts";
import {
  answerProposal,
  answerSuggestions,
  assignFaces,
  hideCluster,
  hideFaces,
  mergeClusters,
  nameCluster,
  setClusterCover,
} from "../jobs/people/actions.ts";
import { MOST_FACES } from "../jobs/people/held.ts";
import { isBuiltin } from "../models/types.ts";
import { ClusterPage } from "../views/cluster_page.tsx";
import { clusterRow } from "../views/unnamed_row.tsx";
import { IdParam, PageQuery } from "./api_schemas.ts";
import { id } from "./common_schemas.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { toLastPage } from "./last_page.ts";
import {
  clusterIds,
  deed,
  faceId,
  Form,
  hide,
  NameForm,
  nameOrAsk,
  picked,
  pickedCover,
  PickForm,
} from "./people_forms.tsx";
import { FrameQuery, readFrame } from "./people_frame.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);
const FACES_PER_PAGE = 120;

const Page = FrameQuery.extend(PageQuery.pick({ page: true }).shape);
const number = z.coerce.number().pipe(id);
const LikelyForm = Form.extend({
  answer: z.enum(["yes", "no"]),
  personId: number,
  proposalId: number.optional(),
  shown: faceId,
});

/** /clusters/:id: faces that belong together and have no name yet. */
export const clusterPages = new Hono<Env>()
  .get("/:id", byId, validate("query", Page), async (c) => {
    const { id } = c.req.valid("param");
    const query = c.req.valid("query");
    const { db } = c.var.database;
    const offset = (query.page - 1) * FACES_PER_PAGE;
    const [cluster, faces, frame] = await Promise.all([
      findCluster(db, id, 0),
      clusterFaces(db, id, { limit: FACES_PER_PAGE, offset }),
      readFrame(c, query),
    ]);
    if (!cluster) throw new Fault(404, "cluster_not_found", `There is no cluster ${id}`);
    const pages = Math.ceil(cluster.size / FACES_PER_PAGE);
    return toLastPage(c, { page: query.page, pages }) ?? c.html(
      <ClusterPage
        row={{ ...clusterRow(cluster), faces }}
        page={query.page}
        pages={pages}
        builtin={isBuiltin(cluster.model)}
        frame={frame}
      />,
    );
  })
  .post("/join", validate("form", Form.extend({ clusterId: clusterIds })), (c) => {
    const { back, clusterId } = c.req.valid("form");
    return deed(c, back, (db, by) => mergeClusters(db, { clusterIds: clusterId }, by));
  })
  .post("/:id/name", byId, validate("form", NameForm), (c) => {
    const { id } = c.req.valid("param");
    const form = c.req.valid("form");
    const { faceId: faceIds } = form;
    return nameOrAsk(c, form, {
      about: { subject: "cluster", of: id, faceIds },
      act: (db, to, by) =>
        faceIds.length > 0
          ? assignFaces(db, { faceIds, to, owner: null }, by)
          : nameCluster(db, { clusterId: id, to }, by),
    });
  })
  .post("/:id/likely", byId, validate("form", LikelyForm), (c) => {
    const { id } = c.req.valid("param");
    const { back, answer, personId, proposalId, shown } = c.req.valid("form");
    return deed(c, back, async (db, by) => {
      if (proposalId !== undefined) return await answerProposal(db, { proposalId, answer }, by);
      if (answer === "yes") {
        return await nameCluster(db, { clusterId: id, to: { personId }, asked: true }, by);
      }
      // Of all that made the row ask: with those that are shown alone, it would ask again.
      const suggested = await suggestedOf(db, { clusterId: id, personId, limit: MOST_FACES });
      const faceIds = [...new Set([...shown, ...suggested])].slice(0, MOST_FACES);
      return await answerSuggestions(db, { faceIds, answer, personId, together: true }, by);
    });
  })
  .post("/:id/cover", byId, validate("form", PickForm), (c) => {
    const form = c.req.valid("form");
    const { id: clusterId } = c.req.valid("param");
    return deed(
      c,
      form.back,
      (db, by) => setClusterCover(db, { clusterId, faceId: pickedCover(form) }, by),
    );
  })
  .post("/:id/hide", byId, validate("form", PickForm.extend({ hide })), (c) => {
    const { id: clusterId } = c.req.valid("param");
    const form = c.req.valid("form");
    const faceIds = picked(form);
    return deed(
      c,
      form.back,
      (db, by) =>
        faceIds.length > 0
          ? hideFaces(db, { faceIds, as: form.hide }, by)
          : hideCluster(db, { clusterId, as: form.hide }, by),
    );
  });
