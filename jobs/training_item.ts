import { previewPath, thumbnailPath, writeWhole } from "../db/photo_store.ts";
import { decodePhoto } from "../models/image.ts";
import { clipPixelsOfPreview } from "../models/preview_pixels.ts";
import { type DecodedPhoto, ImageError } from "../models/types.ts";
import { findByContent } from "./find_photos.ts";
import type { Intake } from "./intake.ts";
import { readOriginal } from "./read_original.ts";
import type { TrainingFile } from "./training_files.ts";
import type { WorkerContext } from "./worker_context.ts";

/** What comparing pictures and CLIP need of one. */
export type Picture = Pick<DecodedPhoto, "width" | "height" | "dhash" | "flat" | "clipPixels">;

/** A file on its way through training. */
export interface TrainingItem {
  jobId: number;
  fileId: number;
  path: string;
  mtimeMs: number;
  sha256: string;
  byteSize: number;
  /** Null: a stored photo has the same content, and its pixels are not needed. */
  picture: Picture | null;
  /** What a new photo's row is made from; null: the photo was stored already. */
  decoded: Omit<DecodedPhoto, "preview" | "thumbnail"> | null;
  vector: Float32Array | null;
}

/** What a batch goes through before inference, and whether it still should: see readItem. */
export interface Stages {
  intake: Intake;
  wanted(): Promise<boolean>;
}

/** Those of a batch who are at work, and not waiting for their turn. */
export interface Inside {
  items: number;
}

/** Raised between the stages when a batch is not wanted any more. */
export class Unwanted extends Error {
  override name = "Unwanted";
}

/**
 * Reads and unpacks one file as far as training needs it. An original is read once and unpacked once
 * for each content it ever has: a file whose photo is known has not changed since, and what is
 * wanted of it (another model's vector) is made from its preview; only where that is missing or
 * damaged the original is opened again. `wanted` is asked before each picture is unpacked, `read` is
 * told of every original that could be read, and `inside` is shared by the batch: while one of its
 * items is at work, that others wait is no movement. Throws Unwanted, and what reading, unpacking and
 * writing throw.
 */
export async function readItem(
  context: WorkerContext,
  { jobId, file }: { jobId: number; file: TrainingFile },
  { intake, wanted, read, inside }: Stages & { read: () => void; inside: Inside },
): Promise<TrainingItem> {
  const { db, config: { dataDir }, engine: { clipSize }, moved } = context;
  const { id: fileId, path, mtimeMs } = file;
  const item = { jobId, fileId, path, mtimeMs, picture: null, decoded: null, vector: null };

  async function atWork<T>(work: () => Promise<T>): Promise<T> {
    inside.items++;
    try {
      return await work();
    } finally {
      inside.items--;
      moved();
    }
  }

  const waits = () => {
    if (inside.items === 0) moved();
  };

  const unpack = <T>(work: () => Promise<T>) =>
    intake.decoding.pass(1, async () => {
      if (!await wanted()) throw new Unwanted();
      moved();
      const started = performance.now();
      const result = await atWork(work);
      intake.balance.decoded((performance.now() - started) / 1000);
      return result;
    }, waits);

  const seen = async (photo: Known): Promise<Picture | null> => {
    const preview = await readIfThere(previewPath(dataDir, photo.sha256));
    if (!preview) return null;
    try {
      const pixels = () => clipPixelsOfPreview(preview, { ...photo, clipSize });
      return { ...photo, clipPixels: await unpack(pixels) };
    } catch (error) {
      if (error instanceof ImageError) return null;
      throw error;
    }
  };

  async function fromPreview(photo: Known): Promise<TrainingItem | null> {
    const picture = await seen(photo);
    return picture && { ...item, sha256: photo.sha256, byteSize: file.size, picture };
  }

  async function fromOriginal(): Promise<TrainingItem> {
    const { bytes, sha256 } = await atWork(() => readOriginal(path));
    read();
    const original = { ...item, sha256, byteSize: bytes.length };
    const model = context.worker.models.clip.key;
    const same = (await findByContent(db, { hashes: [sha256], model })).get(sha256);
    const [preview, thumbnail] = [previewPath(dataDir, sha256), thumbnailPath(dataDir, sha256)];
    if (same && await exists(preview) && await exists(thumbnail)) {
      // A copy of a representative needs nothing more; a copy of a duplicate may come to represent.
      if (same.representativeId === null && same.embedded) return original;
      const picture = await seen(same);
      if (picture) return { ...original, picture };
    }
    const photo = await unpack(() => decodePhoto(bytes, { clipSize }));
    const { preview: jpeg, thumbnail: webp, ...decoded } = photo;
    await atWork(async () => {
      await writeWhole(preview, jpeg);
      await writeWhole(thumbnail, webp);
    });
    return { ...original, picture: decoded, decoded };
  }

  return file.photo && await fromPreview(file.photo) ||
    await intake.originals.pass(file.size, fromOriginal, waits);
}

type Known = Omit<Picture, "clipPixels"> & { sha256: string };

/** True if there is something at a path that this process may look at. */
export const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
