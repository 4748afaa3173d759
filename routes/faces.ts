import { Hono } from "hono";
import { findFaceDetail } from "../db/face_queries.ts";
import {
  answerSuggestions,
  assignFaces,
  drawFace,
  hideFaces,
  moveFaces,
  releaseFaces,
  removeFace,
} from "../jobs/people/actions.ts";
import { actor } from "./actor.ts";
import * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { faceDetailShape } from "./people_shapes.ts";
import { changed, target } from "./people_targets.ts";
import { validate } from "./validate.ts";

const byId = validate("param", Api.IdParam);

/** /api/v1/faces: single faces and picks of them; their pictures are with the photos'. */
export const faceRoutes = new Hono<Env>()
  .get("/:id", byId, async (c) => {
    const { id } = c.req.valid("param");
    const face = await findFaceDetail(c.var.database.db, id);
    if (!face) throw new Fault(404, "face_not_found", `There is no face ${id}`);
    return c.json(faceDetailShape(face));
  })
  .post("/", validate("json", Api.DrawnFace), async (c) => {
    const { photoId, box, ...whose } = c.req.valid("json");
    const wish = { photoId, box, to: target(whose) };
    return changed(c, await drawFace(c.var.database.db, wish, actor(c).by), { made: true });
  })
  .delete("/:id", byId, async (c) => {
    const { id: faceId } = c.req.valid("param");
    return c.json(await removeFace(c.var.database.db, { faceId }, actor(c).by));
  })
  .post("/assign", validate("json", Api.FacesAssign), async (c) => {
    const { faceIds, ...whose } = c.req.valid("json");
    const to = target(whose);
    const change = await assignFaces(c.var.database.db, { faceIds, to }, actor(c).by);
    return changed(c, change, { made: "name" in to });
  })
  .post("/reject", validate("json", Api.FacesReject), async (c) => {
    const wish = { ...c.req.valid("json"), answer: "no" as const };
    return c.json(await answerSuggestions(c.var.database.db, wish, actor(c).by));
  })
  .post("/release", validate("json", Api.FacesRelease), async (c) => {
    return c.json(await releaseFaces(c.var.database.db, c.req.valid("json"), actor(c).by));
  })
  .post("/move", validate("json", Api.FacesMove), async (c) => {
    const { faceIds, clusterId, ...whose } = c.req.valid("json");
    const to = clusterId === undefined ? target(whose) : { clusterId };
    const change = await moveFaces(c.var.database.db, { faceIds, to }, actor(c).by);
    // With a cluster they become somebody without a name.
    return changed(c, change, { made: !("personId" in to) });
  })
  .post("/hide", validate("json", Api.FacesHide), async (c) => {
    return c.json(await hideFaces(c.var.database.db, c.req.valid("json"), actor(c).by));
  });
