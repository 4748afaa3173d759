import { type Context, Hono } from "hono";
import { z } from "zod";
import { type CopyGroup, loadGroups } from "../db/copy_groups.ts";
import { findNeighbours } from "../db/neighbour_queries.ts";
import { findPhoto, findPhotoDetail, listPhotos, type PhotoRow } from "../db/photo_queries.ts";
import { SearchFault } from "../db/search/types.ts";
import { findSession } from "../db/session_queries.ts";
import type { Db } from "../db/client.ts";
import { logError } from "../log.ts";
import { isBuiltin } from "../models/types.ts";
import { PhotosPage } from "../views/library_pages.tsx";
import { CopiesFragment } from "../views/photo_copies.tsx";
import { PhotoPage } from "../views/photo_page.tsx";
import { SimilarFragment } from "../views/photo_strip.tsx";
import { IdParam } from "./api_schemas.ts";
import { cameFrom } from "./came_from.ts";
import { text } from "./common_schemas.ts";
import type { Env } from "./env.ts";
import { FrameQuery, readFrame } from "./people_frame.ts";
import { NEIGHBOURS, photoNotFound } from "./photos.ts";
import { validate } from "./validate.ts";

const byId = validate("param", IdParam);
const PHOTOS_PER_PAGE = 120;
const SIMILAR = 12;

const PhotosQuery = z.object({ before: z.coerce.number().int().positive().optional() });
const PhotoQuery = FrameQuery.extend({ from: text(8000).optional() });

/** /photos: the library, whatever session found it. */
export const libraryPages = new Hono<Env>()
  .get("/photos", validate("query", PhotosQuery), async (c) => {
    const before = c.req.valid("query").before ?? null;
    const page = await listPhotos(c.var.database.db, { before, limit: PHOTOS_PER_PAGE });
    return c.html(<PhotosPage {...page} />);
  })
  .get("/photos/:id", byId, validate("query", PhotoQuery), async (c) => {
    const { db } = c.var.database;
    const { id } = c.req.valid("param");
    const { from, ...query } = c.req.valid("query");
    const [detail, frame] = await Promise.all([findPhotoDetail(db, id), readFrame(c, query)]);
    if (!detail) throw photoNotFound(id);
    const { photo } = detail;
    const [group, neighbours, session] = await Promise.all([
      copiesOf(db, photo),
      findNeighbours(db, photo, { each: NEIGHBOURS }),
      photo.sessionId === null ? null : findSession(db, photo.sessionId),
    ]);
    return c.html(
      <PhotoPage
        detail={detail}
        group={group}
        neighbours={neighbours}
        session={session}
        builtin={detail.faces.some((face) => isBuiltin(face.model))}
        from={cameFrom(c.req.url, { given: from, referrer: c.req.header("referer") })}
        frame={frame}
      />,
    );
  })
  .get("/photos/:id/copies", byId, async (c) => {
    const { db } = c.var.database;
    const photo = await mustFind(db, c.req.valid("param").id);
    return c.html(<CopiesFragment group={await copiesOf(db, photo)} now={new Date()} />);
  })
  .get("/photos/:id/similar", byId, async (c) => {
    const photo = await mustFind(c.var.database.db, c.req.valid("param").id);
    return c.html(<SimilarFragment {...await findSimilar(c, photo)} />);
  });

async function mustFind(db: Db, id: number): Promise<PhotoRow> {
  const photo = await findPhoto(db, id);
  if (!photo) throw photoNotFound(id);
  return photo;
}

/** The photo with everything that looks the same, compared with it. */
async function copiesOf(db: Db, { id, representativeId }: PhotoRow): Promise<CopyGroup> {
  const [group] = await loadGroups(db, [representativeId ?? id], { first: id });
  // Deleted between two statements.
  if (!group) throw photoNotFound(id);
  return group;
}

/** A part of a page that has more to show than this: what goes wrong is told in its place. */
async function findSimilar(c: Context<Env>, { id, representativeId }: PhotoRow) {
  const photoId = representativeId ?? id;
  try {
    const request = { words: "", photoId, filter: {}, limit: SIMILAR + 1 };
    const { results, message, notice } = await c.var.search.find(request);
    const photos = results.filter((photo) => photo.id !== photoId).slice(0, SIMILAR);
    return { photos, message: photos.length > 0 ? notice : message };
  } catch (error) {
    if (error instanceof SearchFault) return { photos: [], message: error.message };
    const errorId = logError("photos like one were not found", error);
    const message = `The search does not answer at the moment; the log has why under ${errorId}`;
    return { photos: [], message };
  }
}
