import assert from "node:assert/strict";
import { join } from "node:path";
import { type Engine, openEngine } from "./engine.ts";
import { decodePhoto } from "./image.ts";
import { overlap } from "./scrfd.ts";
import { writeTinyPack } from "./tiny_pack.ts";
import type { DetectedFace } from "./types.ts";

// The whole way a photo goes, against a reference run of the same models on the originals.

const data = Deno.env.get("SAFELIGHT_TEST_DATA");

interface ReferenceFace {
  score: number;
  /** Left, top, right, bottom in pixels of the original; beyond the edge where the face is cut. */
  box: [number, number, number, number];
  landmarks: [number, number][];
}

interface Found {
  faces: DetectedFace[];
  width: number;
  height: number;
}

async function findIn(engine: Engine, names: string[]): Promise<Map<string, Found>> {
  const found: [string, Promise<Found>][] = [];
  for (const name of names) {
    const bytes = await Deno.readFile(`${data}/photos/people/${name}`);
    const { preview, width, height } = await decodePhoto(bytes, engine);
    // Not awaited here: the next photo is decoded while the thread works.
    const looked = engine.findFaces([preview], { minScore: 0.5, minSize: 20 });
    found.push([
      name,
      looked.then(([faces]) => {
        assert.ok(Array.isArray(faces), String(faces));
        return { faces, width, height };
      }),
    ]);
  }
  return new Map(
    await Promise.all(
      found.map(async ([name, photo]): Promise<[string, Found]> => [name, await photo]),
    ),
  );
}

const largest = ({ faces }: Found) =>
  faces.toSorted((a, b) => b.box[2] * b.box[3] - a.box[2] * a.box[3])[0];
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

Deno.test("faces of real photographs are those of the reference run", async (t) => {
  if (!data) {
    console.warn("SAFELIGHT_TEST_DATA is not set: faces not checked against the reference data");
    return;
  }
  const builtinDir = await Deno.makeTempDir();
  await writeTinyPack(builtinDir);
  const engine = await openEngine({ modelsDir: join(data, "models"), builtinDir });
  const { images } = JSON.parse(await Deno.readTextFile(`${data}/reference/faces.json`));
  const { identities } = JSON.parse(await Deno.readTextFile(`${data}/reference/people.json`));
  try {
    const found = await findIn(engine, Object.keys(images));

    await t.step("every face of the reference is found, where it is", () => {
      let checked = 0;
      for (const [name, photo] of found) {
        assert.deepEqual([photo.width, photo.height], [images[name].width, images[name].height]);
        for (const face of images[name].faces as ReferenceFace[]) {
          const overlaps = photo.faces.map(({ box }) => overlap(box, relative(face.box, photo)));
          assert.ok(Math.max(...overlaps) >= 0.8, `${name}: ${overlaps} for ${face.score}`);
          checked++;
        }
        assert.equal(photo.faces.length, images[name].faces.length, name);
      }
      assert.equal(checked, 41);
    });

    await t.step("landmarks lie within 3 % of the face's width of the reference's", () => {
      for (const [name, photo] of found) {
        const face = largest(photo);
        const reference = (images[name].faces as ReferenceFace[]).find((candidate) =>
          overlap(relative(candidate.box, photo), face.box) >= 0.8
        )!;
        for (const [i, [x, y]] of reference.landmarks.entries()) {
          const [u, v] = [face.landmarks[i][0] * photo.width, face.landmarks[i][1] * photo.height];
          const width = face.box[2] * photo.width;
          assert.ok(Math.hypot(u - x, v - y) < 0.03 * width || x > photo.width, `${name} ${i}`);
        }
      }
    });

    await t.step("embeddings of the largest faces have cosine ≥ 0.95", () => {
      for (const [name, photo] of found) {
        const similarity = cosine(largest(photo).embedding, images[name].largestFaceEmbedding);
        assert.ok(similarity >= 0.95, `${name}: ${similarity}`);
      }
    });

    await t.step("one person's faces are nearer to each other than to anybody's", () => {
      const people = Object.values(identities) as string[][];
      const all = people.flatMap((names, person) =>
        names.map((name) => ({ person, embedding: largest(found.get(name)!).embedding }))
      );
      const pairs = all.flatMap((one, i) =>
        all.slice(i + 1).map((other) => ({
          same: one.person === other.person,
          similarity: cosine(one.embedding, other.embedding),
        }))
      );
      const same = pairs.filter((pair) => pair.same).map((pair) => pair.similarity);
      const different = pairs.filter((pair) => !pair.same).map((pair) => pair.similarity);
      assert.ok(same.length === 34 && Math.min(...same) > Math.max(...different));
      // The pack's own threshold separates them too.
      assert.ok(Math.min(...same) >= engine.thresholds.likely);
      assert.ok(Math.max(...different) < engine.thresholds.likely);
    });

    await t.step("good portraits are of good quality", () => {
      for (const [name, photo] of found) {
        const { quality } = largest(photo);
        assert.ok(quality >= 0.3 && quality <= 1, `${name}: ${quality}`);
      }
    });
  } finally {
    await engine.close();
    await Deno.remove(builtinDir, { recursive: true });
  }
});

function relative([left, top, right, bottom]: ReferenceFace["box"], { width, height }: Found) {
  const unit = (value: number) => Math.min(1, Math.max(0, value));
  const [x, y] = [unit(left / width), unit(top / height)];
  return [x, y, unit(right / width) - x, unit(bottom / height) - y] as DetectedFace["box"];
}
