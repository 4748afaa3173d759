import type { z } from "zod";
import type { Db } from "../db/client.ts";
import { type CopyGroup, type CopyPhoto, there } from "../db/copy_groups.ts";
import { walkFiles, walkPhotos } from "../db/copy_walk.ts";
import { type DuplicatesFilter, walkDuplicates } from "../db/duplicate_queries.ts";
import type { DuplicateLine } from "./duplicate_schemas.ts";
import { type ExportFormat, exportFormats } from "./export_formats.ts";

type Line = z.infer<typeof DuplicateLine>;

const COLUMNS = [
  "group",
  "likeness",
  "differs",
  "path",
  "bytes",
  "changedAt",
  "photoId",
  "width",
  "height",
  "format",
  "takenAt",
  "camera",
] as const satisfies (keyof Line)[];

export const DUPLICATE_FORMATS = exportFormats<Line>(COLUMNS);

/**
 * All groups, a line for each file that is there, as a stream that reads on when the client has taken
 * what came before: memory holds some hundred groups as a page lists them, and of a larger group some
 * thousand files, whatever the size of the library.
 */
export function exportDuplicates(
  db: Db,
  filter: DuplicatesFilter,
  format: ExportFormat<Line>,
): ReadableStream<Uint8Array> {
  return ReadableStream.from(portions(db, filter, format));
}

// A generator runs only when somebody reads: HEAD takes the headers and costs nothing.
async function* portions(
  db: Db,
  filter: DuplicatesFilter,
  format: ExportFormat<Line>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let first = true;
  yield encoder.encode(format.start);
  const written = (lines: Line[]) =>
    encoder.encode(
      lines.map((line) => {
        const text = format.line(line, first);
        first = false;
        return text;
      }).join(""),
    );
  for await (const { groups } of walkDuplicates(db, { ...filter, after: 0 })) {
    let lines: Line[] = [];
    for (const group of groups) {
      if (isWhole(group)) {
        lines.push(...group.photos.flatMap((photo) => linesOf(group.id, photo, there(photo))));
        continue;
      }
      if (lines.length > 0) yield written(lines);
      lines = [];
      for await (const part of readOn(db, group.id, filter)) yield written(part);
    }
    if (lines.length > 0) yield written(lines);
  }
  yield encoder.encode(format.end);
}

/** True where all of it is listed. */
const isWhole = ({ photos, morePhotos }: CopyGroup): boolean =>
  !morePhotos && !photos.some(({ moreFiles }) => moreFiles);

/** The lines of a group that is larger than what is listed of one: its photos and their files by id. */
async function* readOn(
  db: Db,
  group: number,
  { kind }: DuplicatesFilter,
): AsyncGenerator<Line[]> {
  for await (const photos of walkPhotos(db, group, { alone: kind === "exact" })) {
    const byId = new Map(photos.map((photo) => [photo.id, photo]));
    const ids = photos.filter(({ held }) => held > 0).map(({ id }) => id);
    for await (const files of walkFiles(db, ids)) {
      yield files.flatMap((file) => linesOf(group, byId.get(file.photoId)!, [file]));
    }
  }
}

type Told = Omit<CopyPhoto, "files" | "moreFiles" | "representativeId">;

const linesOf = (
  group: number,
  photo: Told,
  files: { path: string; size: number; mtimeMs: number }[],
): Line[] =>
  files.map((file) => ({
    group,
    likeness: photo.likeness,
    differs: photo.differs,
    path: file.path,
    bytes: file.size,
    changedAt: timeOf(file.mtimeMs),
    photoId: photo.id,
    width: photo.width,
    height: photo.height,
    format: photo.format,
    takenAt: photo.takenAt,
    camera: photo.camera,
  }));

/** Null for times that no calendar has; file systems keep any number. */
function timeOf(ms: number): string | null {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
