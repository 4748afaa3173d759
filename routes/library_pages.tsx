import { Hono } from "hono";
import { z } from "zod";
import { findPhotoDetail, listPhotos } from "../db/photo_queries.ts";
import { PhotosPage } from "../views/library_pages.tsx";
import { PhotoPage } from "../views/photo_page.tsx";
import { IdParam } from "./api_schemas.ts";
import type { Env } from "./env.ts";
import { FrameQuery, readFrame } from "./people_frame.ts";
import { photoNotFound } from "./photos.ts";
import { isBuiltin } from "../models/types.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);
const PHOTOS_PER_PAGE = 120;

const PhotosQuery = z.object({ before: z.coerce.number().int().positive().optional() });

/** /photos: the library, whatever session found it. */
export const libraryPages = new Hono<Env>()
  .get("/photos", validate("query", PhotosQuery), async (c) => {
    const before = c.req.valid("query").before ?? null;
    const page = await listPhotos(c.var.database.db, { before, limit: PHOTOS_PER_PAGE });
    return c.html(<PhotosPage {...page} />);
  })
  .get("/photos/:id", byId, validate("query", FrameQuery), async (c) => {
    const { id } = c.req.valid("param");
    const [detail, frame] = await Promise.all([
      findPhotoDetail(c.var.database.db, id),
      readFrame(c, c.req.valid("query")),
    ]);
    if (!detail) throw photoNotFound(id);
    const builtin = detail.faces.some((face) => isBuiltin(face.model));
    return c.html(<PhotoPage detail={detail} builtin={builtin} frame={frame} />);
  });
