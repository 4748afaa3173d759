import { forgetFiles } from "../db/forget_files.ts";
import { type Context, Hono } from "hono";
import sharp from "sharp";
import type { z } from "zod";
import type { Db } from "../db/client.ts";
import { loadGroups } from "../db/copy_groups.ts";
import { findNeighbours } from "../db/neighbour_queries.ts";
import { findFace } from "../db/face_queries.ts";
import { findPhoto, findPhotoDetail, type PhotoDetail } from "../db/photo_queries.ts";
import { previewPath, thumbnailPath } from "../db/photo_store.ts";
import { IdParam } from "./api_schemas.ts";
import type { PhotoWithCopies } from "./duplicate_schemas.ts";
import { copyShape } from "./duplicate_shapes.ts";
import { cropArea } from "./crop_area.ts";
import type { Env } from "./env.ts";
import { Fault } from "./fault.ts";
import { photoShape } from "./shapes.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);

/** Twice what the page shows, for dense screens. */
const CROP_PX = 192;

/** /api/v1/photos and /api/v1/faces: pictures never change under their id, so browsers keep them. */
export const photoRoutes = new Hono<Env>()
  .get("/photos/:id", byId, async (c) => {
    const { id } = c.req.valid("param");
    const detail = await findPhotoDetail(c.var.database.db, id);
    if (!detail) throw photoNotFound(id);
    return c.json(await withCopies(c.var.database.db, detail));
  })
  .get("/photos/:id/thumbnail", byId, (c) => {
    return picture(c, c.req.valid("param").id, { type: "image/webp", place: thumbnailPath });
  })
  .get("/photos/:id/preview", byId, (c) => {
    return picture(c, c.req.valid("param").id, { type: "image/jpeg", place: previewPath });
  })
  .get("/faces/:id/crop", byId, async (c) => {
    const { id } = c.req.valid("param");
    const face = await findFace(c.var.database.db, id);
    if (!face) throw new Fault(404, "face_not_found", `There is no face ${id}`);
    const etag = `"${face.sha256}-${id}"`;
    if (isKnown(c, etag)) return unchanged(c, etag);
    const preview = sharp(await readPicture(previewPath(c.var.config.dataDir, face.sha256)));
    const crop = await preview
      .extract(cropArea(face.box, await preview.metadata()))
      .resize(CROP_PX, CROP_PX).webp({ quality: 80 }).toBuffer();
    return c.body(new Uint8Array(crop), 200, immutable("image/webp", etag));
  });

/** What lies beside a photo on either side in time. */
export const NEIGHBOURS = 6;

async function withCopies(
  db: Db,
  detail: PhotoDetail,
): Promise<z.infer<typeof PhotoWithCopies>> {
  const { photo } = detail;
  const [[group], { earlier, later }] = await Promise.all([
    loadGroups(db, [photo.representativeId ?? photo.id], { first: photo.id }),
    findNeighbours(db, photo, { each: NEIGHBOURS }),
  ]);
  return {
    ...photoShape(detail),
    copies: (group?.photos ?? []).map(copyShape),
    earlier: earlier.map(({ id }) => id),
    later: later.map(({ id }) => id),
  };
}

async function picture(
  c: Context<Env>,
  id: number,
  { type, place }: { type: string; place: (dataDir: string, sha256: string) => string },
): Promise<Response> {
  const photo = await findPhoto(c.var.database.db, id);
  if (!photo) throw photoNotFound(id);
  const etag = `"${photo.sha256}"`;
  if (isKnown(c, etag)) return unchanged(c, etag);
  const bytes = await readPicture(
    place(c.var.config.dataDir, photo.sha256),
    () => forgetFiles(c.var.database.db, id),
  );
  return c.body(bytes, 200, immutable(type, etag));
}

async function readPicture(
  path: string,
  onLost: () => Promise<void> = () => Promise.resolve(),
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await onLost();
    throw new Fault(
      404,
      "picture_missing",
      `The data directory has lost "${path}"; a new session over the folder makes it again`,
    );
  }
}

const isKnown = (c: Context<Env>, etag: string) =>
  (c.req.header("if-none-match") ?? "").split(",").some((known) =>
    known.trim().replace(/^W\//, "") === etag
  );

const unchanged = (c: Context<Env>, etag: string) =>
  c.body(null, 304, { ETag: etag, "Cache-Control": IMMUTABLE });

const immutable = (type: string, etag: string) => ({
  "Content-Type": type,
  "Cache-Control": IMMUTABLE,
  ETag: etag,
});

// private: pictures of a person's life do not belong into a shared cache.
const IMMUTABLE = "private, max-age=31536000, immutable";

export const photoNotFound = (id: number) =>
  new Fault(404, "photo_not_found", `There is no photo ${id}`);
