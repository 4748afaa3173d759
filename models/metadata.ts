import { readExifShot } from "./exif.ts";
import type { Shot } from "./types.ts";
import { readXmpShot } from "./xmp.ts";

/**
 * When, where and with what a photo was taken: of its EXIF blocks the first that says something, then
 * XMP. Stars are the other way round, since programs that give them write XMP. A time keeps the
 * offset it came with; where it came with none, and XMP has the same time, XMP's.
 */
export function readShot({ exif, xmp }: { exif: Uint8Array[]; xmp: Uint8Array | null }): Shot {
  const written = xmp && readXmpShot(xmp);
  const shots = [...exif.map(readExifShot), written].filter((shot) => shot !== null);
  const dated = shots.find((shot) => shot.takenAt !== null);
  const placed = shots.find((shot) => shot.latitude !== null);
  const sameTime = shots.find((shot) =>
    shot.takenAt === dated?.takenAt && shot.takenOffsetMinutes !== null
  );
  return {
    takenAt: dated?.takenAt ?? null,
    takenOffsetMinutes: dated ? sameTime?.takenOffsetMinutes ?? null : null,
    camera: shots.find((shot) => shot.camera)?.camera ?? null,
    lens: shots.find((shot) => shot.lens)?.lens ?? null,
    latitude: placed?.latitude ?? null,
    longitude: placed?.longitude ?? null,
    rating: written?.rating ?? shots.find((shot) => shot.rating !== null)?.rating ?? null,
  };
}
