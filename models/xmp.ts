import { XMLParser } from "fast-xml-parser";
import { cameraName, instant, lensName, minutesOf, place, stars, words } from "./shot_parts.ts";
import type { Shot } from "./types.ts";

// A packet in a JPEG has 64 KB at most.
const LARGEST = 1 << 20;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
});

/** Reads an XMP packet; what makes no sense is null, and a packet that is no XML is as good as none. */
export function readXmpShot(packet: Uint8Array): Shot | null {
  const text = new TextDecoder().decode(packet);
  // XMP has no use for declarations, which can make a page of text grow to gigabytes.
  if (packet.length > LARGEST || text.includes("<!")) return null;
  const value = lookup(text);
  const [takenAt, offset] = time(value("exif:DateTimeOriginal")) ??
    time(value("photoshop:DateCreated")) ?? [null, null];
  return {
    takenAt,
    takenOffsetMinutes: offset,
    camera: cameraName(value("tiff:Make"), value("tiff:Model")),
    lens: lensName(value("exifEX:LensModel") || value("aux:Lens")),
    ...place(degrees(value("exif:GPSLatitude"), "NS"), degrees(value("exif:GPSLongitude"), "EW")),
    rating: stars(value("xmp:Rating") || value("xap:Rating")),
  };
}

// Properties are attributes of a description or elements in it, and there may be several.
function lookup(text: string): (name: string) => string {
  let descriptions: Record<string, unknown>[] = [];
  try {
    const root = parser.parse(text);
    const rdf = (root["x:xmpmeta"] ?? root["x:xapmeta"] ?? root)["rdf:RDF"];
    descriptions = [rdf?.["rdf:Description"] ?? []].flat();
  } catch {
    // As if there were none.
  }
  return (name) => {
    for (const description of descriptions) {
      const value = words(description?.[name]);
      if (value) return value;
    }
    return "";
  };
}

// `2019-07-04T18:30:05.25+02:00`; seconds, their fraction and the zone may be missing, the hour not.
function time(value: string): [string, number | null] | null {
  const parts = value.match(/^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/);
  if (!parts) return null;
  const local = parts[1] + (parts[2] ?? ":00");
  return instant(local) === null ? null : [local, minutesOf(parts[3] ?? "")];
}

// `47,22.5N` or `47,22,30N`.
function degrees(value: string, [positive, negative]: string): number {
  const parts = value.match(/^(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?([NSEW])$/);
  const sign = parts?.[4] === positive ? 1 : parts?.[4] === negative ? -1 : NaN;
  return parts
    ? sign * (Number(parts[1]) + Number(parts[2]) / 60 + Number(parts[3] ?? 0) / 3600)
    : NaN;
}
