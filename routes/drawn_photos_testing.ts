import { createHash } from "node:crypto";
import sharp from "sharp";
import type { Db } from "../db/client.ts";
import { previewPath, thumbnailPath, writeWhole } from "../db/photo_store.ts";
import { embeddings, photos } from "../db/schema.ts";
import { bytesOfVector } from "../db/vectors.ts";
import type { Engine } from "../models/engine.ts";
import { decodePhoto } from "../models/image.ts";
import { addFile } from "./testing.ts";

/** What a drawn photo is to be. */
export interface Drawing {
  path: string;
  /** Of its upper half and its lower one. */
  colours: [string, string];
  width?: number;
  height?: number;
  takenAt?: string | null;
  camera?: string;
  rating?: number;
  representativeId?: number;
}

/** Colours that the demonstration models have words for. */
export const COLOURS = {
  red: "#d01818",
  blue: "#1838d0",
  green: "#178a2a",
  yellow: "#efd020",
  purple: "#7a22a8",
  orange: "#f08a1c",
  turquoise: "#20b8b0",
  pink: "#f090b8",
  brown: "#6e4522",
  black: "#0c0c0c",
  white: "#f8f8f8",
  grey: "#888888",
};

const NAMES = Object.keys(COLOURS) as (keyof typeof COLOURS)[];

/** So many colours there are; as many drawings are of one alone, those behind them are of two. */
export const PLAIN = NAMES.length;

/** The drawing of this number, unlike all others. Its name tells its colours: "red", "red and blue". */
export function drawing(index: number): Drawing & { name: string } {
  const upper = NAMES[index % PLAIN];
  const lower = NAMES[(index + Math.floor(index / PLAIN)) % PLAIN];
  const name = upper === lower ? `${upper} ${index}` : `${upper} and ${lower} ${index}`;
  return { name, path: `/photos/${name}.png`, colours: [COLOURS[upper], COLOURS[lower]] };
}

/** A picture of two colours with a disc in it, whose place is another for every path. */
export function draw({ path, colours, width = 360, height = 240 }: Drawing): Promise<Uint8Array> {
  const [x, y] = createHash("sha256").update(path).digest();
  const disc = `<circle cx="${20 + x / 4}%" cy="${20 + y / 4}%" r="9%" fill="#fff" opacity=".35"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="100%" height="100%" fill="${colours[0]}"/>
    <rect y="50%" width="100%" height="50%" fill="${colours[1]}"/>${disc}</svg>`;
  return sharp(new TextEncoder().encode(svg)).png().toBuffer();
}

/** Draws photos and adds them as training leaves them: pictures, files, vectors by the real model. */
export async function addDrawings(
  { db, dataDir, engine }: { db: Db; dataDir: string; engine: Engine },
  { sessionId, drawings }: { sessionId: number; drawings: Drawing[] },
): Promise<number[]> {
  const ids: number[] = [];
  for (const drawn of drawings) {
    const { path, takenAt = null, camera = null, rating = null, representativeId = null } = drawn;
    const bytes = await draw(drawn);
    const decoded = await decodePhoto(bytes, engine);
    const sha256 = createHash("sha256").update(bytes).update(path).digest("hex");
    await writeWhole(previewPath(dataDir, sha256), decoded.preview);
    await writeWhole(thumbnailPath(dataDir, sha256), decoded.thumbnail);
    const { width, height, format, dhash, flat, previewWidth, previewHeight } = decoded;
    const [{ id }] = await db.insert(photos).values({
      ...{ sha256, width, height, format, dhash, flat, previewWidth, previewHeight },
      ...{ takenAt, camera, rating, representativeId },
      byteSize: bytes.length,
      firstMtimeMs: 1_600_000_000_000,
      firstPath: path,
    }).returning({ id: photos.id });
    await addFile(db, { path, sessionId, state: "done", photoId: id });
    if (representativeId === null) {
      const [vector] = await engine.embedImages([decoded.clipPixels]);
      const model = engine.models.clip.key;
      await db.insert(embeddings).values({ photoId: id, model, vector: bytesOfVector(vector) });
    }
    ids.push(id);
  }
  return ids;
}
