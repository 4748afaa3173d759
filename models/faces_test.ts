import assert from "node:assert/strict";
import { join } from "node:path";
import sharp from "sharp";
import { overlap } from "./candidates.ts";
import { type Engine, openEngine } from "./engine.ts";
import { sha256 } from "./identity.ts";
import { decodePhoto } from "./image.ts";
import { writeTinyPack } from "./tiny_pack.ts";
import type { DecodedPhoto, DetectedFace } from "./types.ts";

// The whole way a photo goes, against a reference run of SCRFD and MobileFaceNet on the originals.

const data = Deno.env.get("SAFELIGHT_TEST_DATA");
const MODELS = `${data}/models/faces`;
const OPTIONS = { minScore: 0.5, minSize: 20 };

interface ReferenceFace {
  score: number;
  /** Left, top, right, bottom in pixels of the original; beyond the edge where the face is cut. */
  box: [number, number, number, number];
  landmarks: [number, number][];
}

interface Reference {
  width: number;
  height: number;
  faces: ReferenceFace[];
  largestFaceEmbedding: number[];
}

// Each family frames a face in its own way. The recogniser was made for SCRFD's landmarks; on
// YuNet's, a few per cent of the face's width away, its vectors turn a little.
const PACKS = [
  {
    detector: "scrfd_2.5g_bnkps.onnx",
    family: "scrfd",
    overlap: 0.8,
    landmarks: 0.03,
    cosine: { least: 0.95, median: 0.99 },
  },
  {
    detector: "yunet_n_dynamic.onnx",
    family: "yunet",
    overlap: 0.7,
    landmarks: 0.1,
    cosine: { least: 0.65, median: 0.95 },
  },
];

const photos = new Map<string, Promise<DecodedPhoto>>();
function photo(name: string): Promise<DecodedPhoto> {
  const known = photos.get(name) ?? Deno.readFile(`${data}/photos/people/${name}`)
    .then((bytes) => decodePhoto(bytes, { clipSize: 224 }));
  photos.set(name, known);
  return known;
}

async function withPack(
  detector: string,
  test: (engine: Engine, dir: string) => Promise<void>,
  manifest?: object,
) {
  const dir = await Deno.makeTempDir();
  const modelsDir = join(dir, "models");
  await Deno.mkdir(modelsDir);
  await writeTinyPack(dir);
  for (const file of [detector, "mobilefacenet.onnx"]) {
    await Deno.copyFile(`${MODELS}/${file}`, join(modelsDir, file));
  }
  if (manifest) {
    await Deno.writeTextFile(join(modelsDir, "manifest.json"), JSON.stringify(manifest));
  }
  const engine = await openEngine({ modelsDir, builtinDir: dir });
  try {
    await test(engine, dir);
  } finally {
    await engine.close();
    await Deno.remove(dir, { recursive: true });
  }
}

async function facesIn(engine: Engine, previews: Uint8Array[]): Promise<DetectedFace[][]> {
  const found = await engine.findFaces(previews, OPTIONS);
  return found.map((faces) => {
    assert.ok(Array.isArray(faces), String(faces));
    return faces;
  });
}

const largest = (faces: DetectedFace[]) =>
  faces.toSorted((a, b) => b.box[2] * b.box[3] - a.box[2] * a.box[3])[0];
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

function relative(
  { box: [left, top, right, bottom] }: ReferenceFace,
  { width, height }: Reference,
) {
  const unit = (value: number) => Math.min(1, Math.max(0, value));
  const [x, y] = [unit(left / width), unit(top / height)];
  return [x, y, unit(right / width) - x, unit(bottom / height) - y] as DetectedFace["box"];
}

for (const pack of PACKS) {
  Deno.test(`${pack.family}: faces of real photographs are those of the reference run`, async (t) => {
    if (!data) {
      console.warn("SAFELIGHT_TEST_DATA is not set: faces not checked against the reference data");
      return;
    }
    const images: Record<string, Reference> =
      JSON.parse(await Deno.readTextFile(`${data}/reference/faces.json`)).images;
    const { identities } = JSON.parse(await Deno.readTextFile(`${data}/reference/people.json`));
    const names = Object.keys(images);
    const decoded = await Promise.all(names.map(photo));
    await withPack(pack.detector, async (engine) => {
      const faces = await facesIn(engine, decoded.map(({ preview }) => preview));
      const found = new Map(names.map((name, i) => [name, faces[i]]));

      await t.step("every face of the reference is found, where it is, and no other", () => {
        let checked = 0;
        for (const [i, name] of names.entries()) {
          const reference = images[name];
          const { width, height } = decoded[i];
          assert.deepEqual([width, height], [reference.width, reference.height]);
          for (const face of reference.faces) {
            const overlaps = faces[i].map(({ box }) => overlap(box, relative(face, reference)));
            assert.ok(Math.max(...overlaps) >= pack.overlap, `${name}: ${overlaps}`);
            checked++;
          }
          assert.equal(faces[i].length, reference.faces.length, name);
        }
        assert.equal(checked, 41);
      });

      await t.step(`landmarks lie within ${pack.landmarks} of the face's width`, () => {
        let checked = 0;
        for (const [name, all] of found) {
          const { faces, width, height } = images[name];
          for (const reference of faces) {
            // Of faces cut by the edge both detectors guess the rest, each in its own way.
            if (reference.landmarks.some(([x, y]) => x > width || y > height)) continue;
            const shared = ({ box }: DetectedFace) =>
              overlap(box, relative(reference, images[name]));
            const face = all.toSorted((a, b) => shared(b) - shared(a))[0];
            for (const [i, [x, y]] of reference.landmarks.entries()) {
              const [u, v] = [face.landmarks[i][0] * width, face.landmarks[i][1] * height];
              const off = Math.hypot(u - x, v - y) / (face.box[2] * width);
              assert.ok(off <= pack.landmarks, `${name}, landmark ${i}: ${off}`);
            }
            checked++;
          }
        }
        assert.equal(checked, 39);
      });

      await t.step("embeddings of the largest faces are near to the reference's", () => {
        const cosines = names.map((name) =>
          cosine(largest(found.get(name)!).embedding, images[name].largestFaceEmbedding)
        ).sort((a, b) => a - b);
        assert.ok(cosines[0] >= pack.cosine.least, `${cosines[0]}`);
        assert.ok(cosines[17] >= pack.cosine.median, `${cosines[17]}`);
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
        assert.equal(same.length, 34);
        const [nearest, farthest] = [Math.max(...different), Math.min(...same)];
        assert.ok(farthest - nearest >= 0.1, `${farthest} and ${nearest}`);
        // The pack's own threshold lies between them too.
        assert.ok(farthest >= engine.thresholds.likely && nearest < engine.thresholds.likely);
      });

      await t.step("good portraits are of good quality", () => {
        for (const [name, all] of found) {
          const { quality } = largest(all);
          assert.ok(quality >= 0.3 && quality <= 1, `${name}: ${quality}`);
        }
      });

      await t.step("a picture's faces do not depend on what is looked at with it", async () => {
        for (const name of names.slice(0, 3)) {
          const [alone] = await facesIn(engine, [(await photo(name)).preview]);
          assert.deepEqual(alone.map(({ box }) => box), found.get(name)!.map(({ box }) => box));
          alone.forEach(({ embedding }, i) =>
            assert.ok(cosine(embedding, found.get(name)![i].embedding) > 0.9999, name)
          );
        }
      });

      await t.step("all eight EXIF orientations give the same faces", async () => {
        const turned = await orientations(`${data}/photos/people/couple.jpg`);
        const previews = turned.map(async (bytes) =>
          (await decodePhoto(bytes, { clipSize: 224 })).preview
        );
        const [upright, ...others] = await facesIn(engine, await Promise.all(previews));
        assert.equal(upright.length, images["couple.jpg"].faces.length);
        for (const [i, faces] of others.entries()) {
          assert.equal(faces.length, upright.length, `orientation ${i + 2}`);
          for (const face of upright) {
            const shared = ({ box }: DetectedFace) => overlap(box, face.box);
            const same = faces.toSorted((a, b) => shared(b) - shared(a))[0];
            assert.ok(shared(same) >= 0.95, `orientation ${i + 2}: ${shared(same)}`);
            const similarity = cosine(same.embedding, face.embedding);
            assert.ok(similarity >= 0.97, `orientation ${i + 2}: ${similarity}`);
          }
        }
      });
    });
  });
}

Deno.test("a manifest's YuNet does what the same files do without one", async () => {
  if (!data) {
    console.warn(
      "SAFELIGHT_TEST_DATA is not set: a pack with a manifest not checked on photographs",
    );
    return;
  }
  const graph = async (file: string) => ({
    file,
    sha256: await sha256(await Deno.readFile(`${MODELS}/${file}`)),
    input: "input",
  });
  const half = 0.5;
  const manifest = {
    name: "mine",
    licence: "Apache-2.0",
    roles: {
      detector: {
        ...await graph(PACKS[1].detector),
        family: "yunet",
        size: 640,
        mean: [0, 0, 0],
        std: [1 / 255, 1 / 255, 1 / 255],
        order: "bgr",
        thresholds: { detection: 0.6 },
      },
      recogniser: {
        ...await graph("mobilefacenet.onnx"),
        size: 112,
        mean: [half, half, half],
        std: [128 / 255, 128 / 255, 128 / 255],
        dimension: 128,
        thresholds: { certain: 0.55, likely: 0.4 },
      },
    },
  };
  const previews = await Promise.all(
    ["couple.jpg", "img1.jpg", "selfie-many-people.jpg"].map(photo),
  )
    .then((photos) => photos.map(({ preview }) => preview));
  const found: DetectedFace[][][] = [];
  await withPack(PACKS[1].detector, async (engine) => {
    assert.match(engine.models.faces.key, /^mine@[0-9a-f]{12}$/);
    assert.deepEqual(engine.thresholds, { detection: 0.6, certain: 0.55, likely: 0.4 });
    found.push(await facesIn(engine, previews));
  }, manifest);
  await withPack(PACKS[1].detector, async (engine) => {
    found.push(await facesIn(engine, previews));
  });
  assert.ok(found[0].flat().length >= 7);
  assert.deepEqual(found[0], found[1]);
});

/** The picture as eight cameras would store it, each held in another way. */
async function orientations(path: string): Promise<Uint8Array[]> {
  const upright = await sharp(path).autoOrient().png().toBuffer();
  // sharp mirrors before it turns.
  const stored = [
    sharp(upright),
    sharp(upright).flop(),
    sharp(upright).rotate(180),
    sharp(upright).flip(),
    sharp(upright).flop().rotate(270),
    sharp(upright).rotate(270),
    sharp(upright).flop().rotate(90),
    sharp(upright).rotate(90),
  ];
  return await Promise.all(stored.map(async (picture, i) =>
    // Turned first, tagged in a second pass: sharp would combine the two.
    await sharp(await picture.png().toBuffer()).withMetadata({ orientation: i + 1 })
      .jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer()
  ));
}
