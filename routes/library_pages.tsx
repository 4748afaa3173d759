import { Hono } from "hono";
import { z } from "zod";
import { findCluster, listClusters } from "../db/cluster_queries.ts";
import { findPhotoDetail, listPhotos } from "../db/photo_queries.ts";
import { PeoplePage, PersonPage, PhotosPage } from "../views/library_pages.tsx";
import { PhotoPage } from "../views/photo_page.tsx";
import { IdParam, PageQuery } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { photoNotFound } from "./photos.ts";
import { isBuiltin } from "../models/types.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);
const PHOTOS_PER_PAGE = 120;
const PEOPLE_PER_PAGE = 20;
/** As many as fit beside a name without a second line. */
const FACES_EACH = 8;
const FACES_OF_ONE = 200;

const PhotosQuery = z.object({ before: z.coerce.number().int().positive().optional() });

/** /photos and /people: the library, whatever session found it. */
export const libraryPages = new Hono<Env>()
  .get("/photos", validate("query", PhotosQuery), async (c) => {
    const before = c.req.valid("query").before ?? null;
    const page = await listPhotos(c.var.database.db, { before, limit: PHOTOS_PER_PAGE });
    return c.html(<PhotosPage {...page} />);
  })
  .get("/photos/:id", byId, async (c) => {
    const { id } = c.req.valid("param");
    const detail = await findPhotoDetail(c.var.database.db, id);
    if (!detail) throw photoNotFound(id);
    const builtin = detail.faces.some((face) => isBuiltin(face.model));
    return c.html(<PhotoPage detail={detail} builtin={builtin} now={new Date()} />);
  })
  .get("/people", validate("query", PageQuery.pick({ page: true })), async (c) => {
    const { page } = c.req.valid("query");
    const { clusters, total } = await listClusters(c.var.database.db, {
      limit: PEOPLE_PER_PAGE,
      offset: (page - 1) * PEOPLE_PER_PAGE,
      facesEach: FACES_EACH,
    });
    return c.html(
      <PeoplePage
        clusters={clusters}
        total={total}
        page={page}
        pages={Math.ceil(total / PEOPLE_PER_PAGE)}
        builtin={clusters.some((cluster) => isBuiltin(cluster.model))}
      />,
    );
  })
  .get("/people/:id", byId, async (c) => {
    const { id } = c.req.valid("param");
    const cluster = await findCluster(c.var.database.db, id, FACES_OF_ONE);
    if (!cluster) throw new Fault(404, "cluster_not_found", `There is no cluster ${id}`);
    return c.html(<PersonPage cluster={cluster} builtin={isBuiltin(cluster.model)} />);
  });
