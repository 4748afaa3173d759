import assert from "node:assert/strict";
import { join } from "node:path";
import { XMLParser } from "fast-xml-parser";
import sharp from "sharp";
import { testDirectory } from "../../db/testing.ts";
import { storedOrientation } from "./xmp_orientation.ts";
import { xmpSidecar } from "./xmp_regions.ts";

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseAttributeValue: true,
  isArray: (name) => name === "rdf:li",
});

function parsed(xmp: string) {
  const description = parser.parse(xmp)["x:xmpmeta"]["rdf:RDF"]["rdf:Description"];
  const { "mwg-rs:AppliedToDimensions": size, "mwg-rs:RegionList": list } =
    description["mwg-rs:Regions"];
  return {
    description,
    size: [size["stDim:w"], size["stDim:h"], size["stDim:unit"]],
    names: description["Iptc4xmpExt:PersonInImage"]["rdf:Bag"]["rdf:li"] as string[],
    regions: list["rdf:Bag"]["rdf:li"] as Record<string, Record<string, number>>[],
  };
}

const face = (name: string, box: number[]) => ({ name, box, confirmed: true, similarity: null });
const file = { path: "/a.jpg", width: 60, height: 40, format: "jpeg" };

/** A grey picture of 60 × 40 with a red patch of 12 × 4, stored as an orientation has it. */
async function turned(orientation: number, format: "jpeg" | "png" | "webp" | "tiff") {
  const patch = await sharp({
    create: { width: 12, height: 4, channels: 3, background: "#ff0000" },
  }).png().toBuffer();
  let stored = sharp(
    await sharp({ create: { width: 60, height: 40, channels: 3, background: "#808080" } })
      .composite([{ input: patch, left: 6, top: 28 }]).png().toBuffer(),
  );
  // What brings the upright picture to the stored one: the inverse of what EXIF says to do.
  const angle = [0, 0, 180, 180, 90, 270, 270, 90][orientation - 1];
  const mirrored = [2, 4, 5, 7].includes(orientation);
  stored = sharp(await stored.rotate(angle).png().toBuffer());
  if (mirrored) stored = sharp(await stored.flop().png().toBuffer());
  return await stored.withMetadata({ orientation })
    .toFormat(format, { quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
}

Deno.test("regions lie on the stored picture, however it is turned", async () => {
  const dir = await testDirectory();
  for (const format of ["jpeg", "png", "webp", "tiff"] as const) {
    for (let orientation = 1; orientation <= 8; orientation++) {
      const bytes = await turned(orientation, format);
      // The test's own picture is right: upright, the patch is where it was put.
      const upright = await sharp(bytes).autoOrient()
        .extract({ left: 7, top: 29, width: 10, height: 2 }).removeAlpha().raw().toBuffer();
      for (let at = 1; at < upright.length; at += 3) assert.ok(upright[at] < 60);

      const path = join(dir, `${orientation}.${format}`);
      await Deno.writeFile(path, bytes);
      const found = await storedOrientation(path, format);
      assert.equal(found, orientation);
      const xmp = xmpSidecar({ ...file, faces: [face("Red", [.1, .7, .2, .1])] }, found);
      const { size, regions: [{ "mwg-rs:Area": area }], description } = parsed(xmp);
      assert.equal(description["tiff:Orientation"], orientation);
      const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
      assert.deepEqual(size, [info.width, info.height, "pixel"]);
      assert.equal(area["stArea:unit"], "normalized");
      const red = (x: number, y: number) =>
        data[(Math.floor(y) * info.width + Math.floor(x)) * info.channels + 1] < 60;
      const [x, y] = [area["stArea:x"] * info.width, area["stArea:y"] * info.height];
      const [w, h] = [area["stArea:w"] * info.width, area["stArea:h"] * info.height];
      for (const [across, down] of [[-1, -1], [-1, 1], [1, -1], [1, 1]]) {
        assert.ok(
          red(x + across * (w / 2 - 1), y + down * (h / 2 - 1)),
          `${format} ${orientation}`,
        );
        assert.ok(!red(x + across * (w / 2 + 1.5), y + down * (h / 2 + 1.5)));
      }
    }
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a file that is none, or is not there, has no orientation", async () => {
  const dir = await testDirectory();
  await Deno.writeTextFile(join(dir, "words.jpg"), "not a picture");
  await assert.rejects(storedOrientation(join(dir, "words.jpg"), "jpeg"), /unsupported image/);
  await assert.rejects(storedOrientation(join(dir, "none.png"), "png"), Deno.errors.NotFound);
  assert.equal(await storedOrientation(join(dir, "none.heic"), "heic"), 1);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("names come back as they were: markup, quotes, lines, any script", () => {
  const names = [
    `<b>Ann</b> & "Bo" 'C' ]]> <!-- -->`,
    "Zoë\nvan der Berg",
    "👩‍👧‍👦 田中さん",
    "مريم",
    "x".repeat(200),
    "&amp; &#65;",
  ];
  const faces = names.map((name, i) => face(name, [i / 10, 0, .1, .1]));
  const { names: bag, regions } = parsed(xmpSidecar({ ...file, faces }, 1));
  assert.deepEqual(regions.map((region) => region["mwg-rs:Name"] as unknown), names);
  assert.deepEqual(bag, names);
  assert.deepEqual(regions.map((region) => region["mwg-rs:Type"]), names.map(() => "Face"));
});

Deno.test("what XML cannot say is marked, a name on two faces is told once", () => {
  const faces = [face("a\u0000b\u001bc\ufffe", [0, 0, .1, .1]), face("Bo", [.2, 0, .1, .1])];
  const xmp = xmpSidecar({ ...file, faces: [...faces, face("Bo", [.4, 0, .1, .1])] }, 1);
  const { names, regions } = parsed(xmp);
  assert.deepEqual(names, ["a\ufffdb\ufffdc\ufffd", "Bo"]);
  assert.equal(regions.length, 3);
});

Deno.test("a box that goes beyond the picture ends at its edge", () => {
  const { regions } = parsed(xmpSidecar({ ...file, faces: [face("Bo", [-.2, .9, .4, .3])] }, 1));
  const { "stArea:x": x, "stArea:y": y, "stArea:w": w, "stArea:h": h } = regions[0]["mwg-rs:Area"];
  assert.deepEqual([x, y, w, h], [.1, .95, .2, .1]);
});
