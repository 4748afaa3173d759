import assert from "node:assert/strict";
import { join } from "node:path";
import { openEngine } from "./engine.ts";
import { decodePhoto } from "./image.ts";
import type { DecodedPhoto } from "./types.ts";
import { sampleLibrary } from "../e2e/sample.ts";

const FOLDER = "family/portraits";

Deno.test("threads, graphs abreast and rests change no result", async () => {
  const engine = await openEngine({ modelsDir: null, roles: ["images", "faces"] });
  const sample = await sampleLibrary();
  const photos: DecodedPhoto[] = [];
  for (const { name } of [...Deno.readDirSync(join(sample.path, FOLDER))].slice(0, 6)) {
    const bytes = await Deno.readFile(join(sample.path, FOLDER, name));
    photos.push(await decodePhoto(bytes, { clipSize: engine.clipSize }));
  }
  const embed = () => engine.embedImages(photos.map((photo) => photo.clipPixels));
  const options = { minScore: 0.5, minSize: 20 };
  const look = () => engine.findFaces(photos.map((photo) => photo.preview), options);
  const [vectors, faces] = await Promise.all([embed(), look()]);
  const boxes = (found: typeof faces) =>
    found.map((each) => each instanceof Error ? each.message : each.map(({ box }) => box));
  assert(boxes(faces).flat().length > 0);

  async function same() {
    const [again, ...looks] = await Promise.all([embed(), look(), look(), look()]);
    again.forEach((vector, index) => {
      const cosine = vector.reduce((sum, value, at) => sum + value * vectors[index][at], 0);
      assert(cosine > 0.9999, `cosine ${cosine}`);
    });
    for (const found of looks) {
      boxes(found).flat(2).forEach((value, at) => {
        const before = boxes(faces).flat(2)[at] as number;
        assert(Math.abs(value as number - before) < 1e-4, `${value}, before ${before}`);
      });
    }
  }

  engine.useThreads("images", 1);
  engine.useThreads("faces", 1, 2);
  await same();
  engine.useThreads("images", 3);
  await same();
  engine.rest("faces");
  engine.rest("images");
  await same();
  // What is being asked does not rest.
  const asked = look();
  engine.rest("faces");
  assert.equal((await asked).length, photos.length);
  await engine.close();
  await sample.remove();
});
