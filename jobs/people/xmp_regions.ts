import { XMLBuilder } from "fast-xml-parser";
import type { FileOfPeople, NamedFace } from "../../db/people_export_queries.ts";
import { type Area, inStoredPicture } from "./xmp_orientation.ts";

const NAMESPACES = {
  "@_xmlns:Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
  "@_xmlns:mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
  "@_xmlns:stArea": "http://ns.adobe.com/xmp/sType/Area#",
  "@_xmlns:stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
  "@_xmlns:tiff": "http://ns.adobe.com/tiff/1.0/",
};

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: "@_",
  format: true,
  indentBy: " ",
  suppressEmptyNode: true,
});

/**
 * A sidecar for one file: face regions as the Metadata Working Group has them (Guidelines for
 * Handling Image Metadata 2.0, 5.9), and the names once more as IPTC's PersonInImage. Regions are of
 * the stored picture, as the guidelines have it: whoever turns that by EXIF's orientation turns them
 * too. So `orientation`, 1 to 8, has to be the file's.
 */
export function xmpSidecar(file: FileOfPeople, orientation: number): string {
  const { width, height, faces } = file;
  const turned = orientation >= 5;
  const names = [...new Set(faces.map(({ name }) => words(name)))];
  return builder.build({
    "?xml": { "@_version": "1.0", "@_encoding": "UTF-8" },
    "x:xmpmeta": {
      "@_xmlns:x": "adobe:ns:meta/",
      "@_x:xmptk": "Safelight",
      "rdf:RDF": {
        "@_xmlns:rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "rdf:Description": {
          "@_rdf:about": "",
          ...NAMESPACES,
          "tiff:Orientation": orientation,
          "Iptc4xmpExt:PersonInImage": { "rdf:Bag": { "rdf:li": names } },
          "mwg-rs:Regions": {
            "@_rdf:parseType": "Resource",
            "mwg-rs:AppliedToDimensions": {
              "@_stDim:w": turned ? height : width,
              "@_stDim:h": turned ? width : height,
              "@_stDim:unit": "pixel",
            },
            "mwg-rs:RegionList": {
              "rdf:Bag": { "rdf:li": faces.map((face) => region(face, orientation)) },
            },
          },
        },
      },
    },
  });
}

function region({ name, box }: NamedFace, orientation: number) {
  const { x, y, w, h } = inStoredPicture(areaOf(box), orientation);
  return {
    "@_rdf:parseType": "Resource",
    "mwg-rs:Area": {
      "@_stArea:x": figure(x),
      "@_stArea:y": figure(y),
      "@_stArea:w": figure(w),
      "@_stArea:h": figure(h),
      "@_stArea:unit": "normalized",
    },
    "mwg-rs:Name": words(name),
    "mwg-rs:Type": "Face",
  };
}

/** What of a box lies within the picture; a detector's may go beyond. */
function areaOf([left, top, width, height]: number[]): Area {
  const within = (value: number) => Math.min(1, Math.max(0, value));
  const [x0, x1] = [within(left), within(left + width)];
  const [y0, y1] = [within(top), within(top + height)];
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, w: x1 - x0, h: y1 - y0 };
}

const figure = (value: number) => String(Number(value.toFixed(6)));

/** Without what XML 1.0 has no way to say, escaped or not. */
function words(name: string): string {
  return name.replaceAll(/\r\n?/g, "\n")
    // deno-lint-ignore no-control-regex
    .replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd");
}
