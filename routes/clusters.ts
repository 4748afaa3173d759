import { Hono } from "hono";
import { clusterFaces, findCluster, listClusters } from "../db/cluster_queries.ts";
import {
  hideCluster,
  mergeClusters,
  nameCluster,
  setClusterCover,
  splitFaces,
} from "../jobs/people/actions.ts";
import { actor } from "./actor.ts";
import * as Api from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { clusterShape, facesShape } from "./people_shapes.ts";
import { changed, target } from "./people_targets.ts";
import { validate } from "./validate.ts";

const byId = validate("param", Api.IdParam);

/** Faces with one cluster; all of them are under /clusters/:id/faces. */
const FACES_OF_ONE = 200;

/** /api/v1/clusters: faces that belong together and are nobody's yet. */
export const clusterRoutes = new Hono<Env>()
  .get("/", validate("query", Api.ClustersQuery), async (c) => {
    const { limit, offset, faces: facesEach } = c.req.valid("query");
    const found = await listClusters(c.var.database.db, { limit, offset, facesEach });
    return c.json({ items: found.clusters.map(clusterShape), total: found.total, limit, offset });
  })
  .post("/merge", validate("json", Api.ClusterMerge), async (c) => {
    const { clusterIds } = c.req.valid("json");
    const change = await mergeClusters(c.var.database.db, { clusterIds }, actor(c).by);
    return changed(c, change, { made: true });
  })
  .get("/:id", byId, async (c) => {
    const { id } = c.req.valid("param");
    const cluster = await findCluster(c.var.database.db, id, FACES_OF_ONE);
    if (!cluster) throw clusterNotFound(id);
    return c.json(clusterShape(cluster));
  })
  .patch("/:id", byId, validate("json", Api.ClusterPatch), async (c) => {
    const { id: clusterId } = c.req.valid("param");
    const { coverFaceId: faceId } = c.req.valid("json");
    return c.json(await setClusterCover(c.var.database.db, { clusterId, faceId }, actor(c).by));
  })
  .get("/:id/faces", byId, validate("query", Api.ClusterFacesQuery), async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    const { limit, offset } = c.req.valid("query");
    const faces = await clusterFaces(db, id, { limit, offset });
    if (faces.length === 0 && !await findCluster(db, id, 0)) throw clusterNotFound(id);
    return c.json({ items: facesShape(faces), limit, offset });
  })
  .post("/:id/name", byId, validate("json", Api.ClusterName), async (c) => {
    const { id: clusterId } = c.req.valid("param");
    const to = target(c.req.valid("json"));
    const change = await nameCluster(c.var.database.db, { clusterId, to }, actor(c).by);
    return changed(c, change, { made: "name" in to });
  })
  .post("/:id/split", byId, validate("json", Api.FacePick), async (c) => {
    const { id: clusterId } = c.req.valid("param");
    const { faceIds } = c.req.valid("json");
    const change = await splitFaces(c.var.database.db, { faceIds, clusterId }, actor(c).by);
    return changed(c, change, { made: true });
  })
  .post("/:id/hide", byId, validate("json", Api.Hide), async (c) => {
    const { id: clusterId } = c.req.valid("param");
    const { as } = c.req.valid("json");
    return c.json(await hideCluster(c.var.database.db, { clusterId, as }, actor(c).by));
  });

export const clusterNotFound = (id: number) =>
  new Fault(404, "cluster_not_found", `There is no cluster ${id}`);
