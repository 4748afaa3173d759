import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { embedText } from "../clip.ts";
import { decodePhoto } from "../image.ts";
import { openManifest } from "../pack.ts";
import { flatColours } from "../sample/flat.ts";
import { paint } from "../sample/paint.ts";
import { planPictures } from "../sample/plan.ts";
import { embedPixels, openSession } from "../session.ts";
import { openTokenizer } from "../tokenizer.ts";
import { dimensionOf } from "./colours.ts";
import { wordVectors } from "./words.ts";

const { clip } = await openManifest(fileURLToPath(new URL(".", import.meta.url)));
if (!clip) throw new Error("the built-in pack has no models for pictures and words");
const visual = await openSession(clip.visual.path, { threads: 1 });
const speaker = {
  session: await openSession(clip.textual.path, { threads: 1 }),
  role: clip.textual,
  tokenize: openTokenizer(clip.tokenizer.kind, await Deno.readFile(clip.tokenizer.path)),
};

/** One word of every group of synonyms, with its vector from the graph. */
const vocabulary = await Promise.all(
  [...new Map(wordVectors().map(({ word, vector }) => [vector.join(), word])).values()]
    .map(async (word) => ({ word, vector: await embedText(speaker, word) })),
);

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);

async function look(photo: Uint8Array): Promise<Float32Array> {
  const { clipPixels } = await decodePhoto(photo, { clipSize: clip!.visual.size });
  const [vector] = await embedPixels(visual, clip!.visual, [clipPixels]);
  return vector;
}

/** The group of synonyms, by its vector, that describes the picture best. */
function bestWord(picture: Float32Array): Float32Array {
  return vocabulary.toSorted((a, b) => dot(b.vector, picture) - dot(a.vector, picture))[0].vector;
}

Deno.test("of all words, a picture of one colour is best described by the colour's name", async () => {
  for (const [name, background] of flatColours) {
    const plane = sharp({ create: { width: 300, height: 300, channels: 3, background } });
    const best = bestWord(await look(await plane.png().toBuffer()));
    assert.ok(dot(best, await embedText(speaker, name)) > 0.999, name);
  }
});

Deno.test("a scene is best described by its word, in at least four of five pictures", async () => {
  const words = ["sunset", "night", "snow", "forest", "sea", "sky", "meadow", "desert", "autumn"];
  const places = planPictures().filter(({ scene, people }, i) =>
    people.length === 0 && words.includes(scene) && i % 3 === 0
  );
  assert.deepEqual(new Set(places.map(({ scene }) => scene)), new Set(words));
  let right = 0;
  for (const place of places) {
    const best = bestWord(await look(await (await paint(place)).jpeg().toBuffer()));
    if (dot(best, await embedText(speaker, place.scene)) > 0.999) right++;
  }
  assert.ok(right >= 0.8 * places.length, `${right} of ${places.length}`);
});

Deno.test("words add up, unknown ones add nothing", async () => {
  const [red, sunset] = [await embedText(speaker, "red"), await embedText(speaker, "sunset")];
  const both = await embedText(speaker, "a very red Sunset, please");
  assert.ok(dot(both, red) > 0.5 && dot(both, sunset) > 0.5);
  assert.deepEqual(await embedText(speaker, "crimson zeppelin"), red);
  const nothing = await embedText(speaker, "zeppelin");
  assert.ok(nothing.every((value) => value === 0), "no known word: like no picture");
});

Deno.test("a colour or mood the embedding does not have is an error", () => {
  assert.throws(() => dimensionOf("mauve", "top"), /no dimension for mauve/);
  assert.throws(() => dimensionOf("gloomy"), /no dimension for gloomy/);
});
