import assert from "node:assert/strict";
import { join } from "node:path";
import { decodePhoto } from "../image.ts";
import { type DecodedPhoto, ImageError } from "../types.ts";
import { characters } from "./characters.ts";
import { sampleExpectations } from "./expectations.ts";
import { makeSampleLibrary } from "./library.ts";
import { paint } from "./paint.ts";
import { planPictures } from "./plan.ts";

const isPhoto = (kind: string) => ["photo", "exact_copy", "near_copy"].includes(kind);

Deno.test("the sample library holds what it promises", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "safelight-sample-" });
  try {
    const reported: string[] = [];
    const { files } = await makeSampleLibrary(folder, {
      onFile: ({ path }) => reported.push(path),
    });
    const decoded = new Map<string, DecodedPhoto>();

    await t.step("every file is written and reported once", () => {
      assert.deepEqual({ files }, sampleExpectations());
      assert.deepEqual(reported.toSorted(), files.map(({ path }) => path).toSorted());
      assert.equal(new Set(reported).size, reported.length);
    });

    await t.step("files are younger in the order of the list, and stay below 60 MB", async () => {
      const stats = await Promise.all(files.map(({ path }) => Deno.stat(join(folder, path))));
      const times = stats.map(({ mtime }) => mtime!.getTime());
      assert.ok(times.every((time, i) => i === 0 || time > times[i - 1]));
      assert.ok(stats.reduce((sum, { size }) => sum + size, 0) < 60e6);
    });

    await t.step("photos can be decoded, every fault is the one that is promised", async () => {
      for (const { path, kind } of files) {
        if (kind === "ignored") continue;
        const bytes = await Deno.readFile(join(folder, path));
        const result = await decodePhoto(bytes, { clipSize: 224 }).catch((error) => error);
        if (isPhoto(kind)) {
          if (result instanceof Error) throw new Error(`${path}: ${result.message}`);
          decoded.set(path, result);
        } else {
          assert.ok(result instanceof ImageError, `${path} is no ${kind}`);
          assert.equal(result.fault, kind, path);
        }
      }
    });

    await t.step("pictures have the planned size, format and date, however they are stored", () => {
      for (const { path, width, height, format, takenAt } of planPictures()) {
        const photo = decoded.get(path)!;
        assert.deepEqual(
          { width: photo.width, height: photo.height, format: photo.format, at: photo.takenAt },
          { width, height, format, at: takenAt },
          path,
        );
      }
    });

    await t.step("copies repeat what they say they do", async () => {
      for (const { path, of, kind } of files) {
        if (of === undefined) continue;
        const [copy, original] = [decoded.get(path)!, decoded.get(of)!];
        assert.ok(!original.flat && copy.dhash === original.dhash, `${path} is no copy of ${of}`);
        assert.ok(isSameShape(copy, original), path);
        const bytes = await Promise.all(
          [path, of].map((name) => Deno.readFile(join(folder, name))),
        );
        assert.equal(
          bytes[0].every((byte, i) => byte === bytes[1][i]),
          kind === "exact_copy",
          path,
        );
      }
    });

    await t.step("no two different photos look like copies", () => {
      const photos = files.filter(({ kind }) => kind === "photo")
        .map(({ path, colour }) => ({ path, colour, photo: decoded.get(path)! }));
      for (const [i, { path, colour, photo }] of photos.entries()) {
        assert.equal(photo.flat, colour !== undefined, path);
        const double = photos.slice(0, i).find((other) =>
          !photo.flat && other.photo.dhash === photo.dhash && isSameShape(other.photo, photo)
        );
        assert.equal(double, undefined, `${path} looks like ${double?.path}`);
      }
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function isSameShape(a: DecodedPhoto, b: DecodedPhoto): boolean {
  return Math.abs((a.width / a.height) / (b.width / b.height) - 1) <= 0.02;
}

Deno.test("everybody is in at least five photos, entirely within the picture", () => {
  const { files } = sampleExpectations();
  for (const { name } of characters) {
    const photos = files.filter(({ kind, characters }) =>
      kind === "photo" && characters?.includes(name)
    );
    assert.ok(photos.length >= 5, `${name} is in ${photos.length} photos`);
  }
  for (const { path, boxes } of files) {
    for (const [x, y, width, height] of boxes ?? []) {
      assert.ok(x > 0 && y > 0 && x + width < 1 && y + height < 1, path);
    }
  }
});

Deno.test("a picture is painted the same every time", async () => {
  for (const picture of planPictures().filter((_, i) => i % 40 === 0)) {
    const [once, again] = [await paint(picture), await paint(picture)];
    assert.deepEqual(await once.raw().toBuffer(), await again.raw().toBuffer(), picture.path);
  }
});
