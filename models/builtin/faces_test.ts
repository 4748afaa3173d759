import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { overlap } from "../candidates.ts";
import { type FaceModels, findFaces } from "../faces.ts";
import { decodePhoto } from "../image.ts";
import { openManifest } from "../pack.ts";
import { characters } from "../sample/characters.ts";
import { paint } from "../sample/paint.ts";
import { type PlannedPicture, planPictures } from "../sample/plan.ts";
import { faceBox, faceLandmarks } from "../sample/portrait.ts";
import { openSession } from "../session.ts";
import type { DetectedFace } from "../types.ts";

const { faces: pair } = await openManifest(fileURLToPath(new URL(".", import.meta.url)));
if (!pair) throw new Error("the built-in pack has no models for faces");
const models: FaceModels = {
  detector: { session: await openSession(pair.detector.path, { threads: 1 }), role: pair.detector },
  recogniser: {
    session: await openSession(pair.recogniser.path, { threads: 1 }),
    role: pair.recogniser,
  },
};
const { detection } = pair.detector.thresholds;

async function facesOf(photo: Uint8Array, minScore = detection): Promise<DetectedFace[]> {
  const { preview } = await decodePhoto(photo, { clipSize: 224 });
  const [found] = await findFaces(models, [preview], { minScore, minSize: 20 });
  if (found instanceof Error) throw found;
  return found;
}

/** Who is in the picture, each with the face that was found there, if any. */
async function castOf(picture: PlannedPicture) {
  const { width, height, people } = picture;
  const found = await facesOf(await (await paint(picture)).jpeg({ quality: 86 }).toBuffer());
  const pixels = (
    [x, y, w, h]: number[],
  ): DetectedFace["box"] => [x * width, y * height, w * width, h * height];
  const cast = people.map(({ name, pose }) => ({
    name,
    pose,
    face: found.find(({ box }) => overlap(pixels(box), faceBox(pose)) > 0.6),
  }));
  return { cast, strangers: found.length - cast.filter(({ face }) => face).length };
}

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);

Deno.test("everybody in the sample library is found and told apart", async () => {
  const met: { name: string; embedding: Float32Array }[] = [];
  // Of the portraits every other one: all twelve people in several lights, sizes and places.
  const pictures = planPictures().filter(({ people }, i) => people.length > 1 || i % 2 === 0)
    .filter(({ people }) => people.length > 0);
  for (const picture of pictures) {
    const { cast, strangers } = await castOf(picture);
    assert.equal(strangers, 0, `${picture.path}: a face where nobody is`);
    for (const { name, pose, face } of cast) {
      assert.ok(face, `${picture.path}: ${name} was not found`);
      faceLandmarks(pose).forEach(([x, y], i) => {
        const [seenX, seenY] = face.landmarks[i];
        const off = Math.hypot(seenX * picture.width - x, seenY * picture.height - y) / pose.eyes;
        assert.ok(off < 0.12, `${picture.path}: landmark ${i} of ${name} is ${off} eye widths off`);
      });
      assert.ok(face.quality > 0.3, `${picture.path}: quality of ${name} is ${face.quality}`);
      met.push({ name, embedding: face.embedding });
    }
  }
  assert.equal(new Set(met.map(({ name }) => name)).size, characters.length);
  for (const [i, one] of met.entries()) {
    for (const other of met.slice(0, i)) {
      const alike = cosine(one.embedding, other.embedding);
      const same = one.name === other.name;
      assert.ok(same ? alike > 0.9 : alike < 0.4, `${one.name} and ${other.name}: cosine ${alike}`);
    }
  }
});

Deno.test("a landscape has no faces", async () => {
  const places = planPictures().filter(({ people }, i) => people.length === 0 && i % 10 === 0);
  assert.ok(places.length > 10);
  for (const place of places) {
    const found = await facesOf(await (await paint(place)).jpeg().toBuffer());
    assert.equal(found.length, 0, place.path);
  }
});

Deno.test("photographed people are not taken for drawn ones", async () => {
  const data = Deno.env.get("SAFELIGHT_TEST_DATA");
  if (data === undefined) {
    console.warn("SAFELIGHT_TEST_DATA is not set: the detector is not checked against photographs");
    return;
  }
  for await (const { name } of Deno.readDir(`${data}/photos/people`)) {
    const found = await facesOf(await Deno.readFile(`${data}/photos/people/${name}`));
    assert.equal(found.length, 0, name);
  }
});
