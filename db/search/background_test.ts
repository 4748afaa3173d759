import assert from "node:assert/strict";
import { join } from "node:path";
import { testDirectory } from "../testing.ts";
import { embedBackground } from "./background.ts";
import { BACKGROUND } from "./background_texts.ts";
import type { TextEncoder } from "./stages.ts";

const DIMENSION = 3;

/** Embeds a text by its letters, "asdfgh" as nothing, and counts how often it is asked. */
function countingEncoder(key: string, turn = 0) {
  let asked = 0;
  const encoder: TextEncoder = {
    models: { clip: { key, dimension: DIMENSION, builtin: false } },
    embedText(text) {
      asked++;
      const angle = turn + text.charCodeAt(0) * text.length;
      const vector = Float32Array.of(Math.cos(angle), Math.sin(angle), 0);
      return Promise.resolve(text === "asdfgh" ? new Float32Array(DIMENSION) : vector);
    },
    embedPicture: () => Promise.reject(new Error("no picture is asked for")),
    close: () => Promise.resolve(),
  };
  return { encoder, asked: () => asked };
}

const going = () => false;

Deno.test("background texts are embedded once a model, and again where that is lost", async (t) => {
  const dataDir = await testDirectory();
  /** What looking whether they are this encoder's asks. */
  const PROBES = 2;
  const embed = async (key: string, { stopping = going, turn = 0 } = {}) => {
    const { encoder, asked } = countingEncoder(key, turn);
    return { texts: await embedBackground(encoder, { dataDir, stopping }), asked: asked() };
  };
  const first = await embed("one@1");

  await t.step("what the model knows nothing of is left out", () => {
    assert.equal(first.asked, BACKGROUND.length);
    assert.equal(first.texts.vectors.length, BACKGROUND.length - 1);
    assert.equal(first.texts.nonsense.length, BACKGROUND.length - 1);
    assert.ok(first.texts.nonsense.includes(true) && first.texts.nonsense.includes(false));
  });

  await t.step("the next time they are read", async () => {
    assert.deepEqual(await embed("one@1"), { ...first, asked: PROBES });
  });

  await t.step("another model has its own", async () => {
    assert.equal((await embed("two@1")).asked, BACKGROUND.length);
    assert.equal((await embed("one@1")).asked, PROBES);
  });

  await t.step("a file that is damaged, cut or empty is made anew", async () => {
    const path = join(dataDir, "background", encodeURIComponent("one@1.vectors"));
    const whole = await Deno.readFile(path);
    const flipped = whole.map((byte, at) => at === 500 ? byte ^ 1 : byte);
    for (const bytes of [flipped, whole.subarray(0, 700), new Uint8Array(), whole.fill(0)]) {
      await Deno.writeFile(path, bytes);
      assert.equal((await embed("one@1")).asked, BACKGROUND.length);
      assert.deepEqual(await embed("one@1"), { ...first, asked: PROBES });
    }
  });

  await t.step("the same model with another graph for words has its own", async () => {
    const other = await embed("one@1", { turn: 1 });
    assert.equal(other.asked, 1 + BACKGROUND.length);
    assert.deepEqual(await embed("one@1", { turn: 1 }), { ...other, asked: PROBES });
  });

  await t.step("what was stopped early is not kept", async () => {
    let looks = 0;
    const stopped = await embed("three@1", { stopping: () => ++looks > 20 });
    assert.equal(stopped.asked, 20);
    assert.equal((await embed("three@1")).asked, BACKGROUND.length);
  });

  await Deno.remove(dataDir, { recursive: true });
});

Deno.test("without a data directory they are embedded each time", async () => {
  const { encoder, asked } = countingEncoder("one@1");
  for (const times of [1, 2]) {
    await embedBackground(encoder, { dataDir: null, stopping: going });
    assert.equal(asked(), times * BACKGROUND.length);
  }
});
