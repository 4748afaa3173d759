import assert from "node:assert/strict";
import sharp from "sharp";
import { openEngine } from "./engine.ts";
import { decodePhoto } from "./image.ts";

Deno.test("without any settings the built-in models search and look for faces", async () => {
  const engine = await openEngine({ modelsDir: null });
  try {
    assert.ok(engine.models.clip.builtin && engine.models.faces.builtin);
    assert.deepEqual(engine.warnings, []);
    const colours = { red: "#d01818", green: "#18b018", blue: "#1818d0" };
    const plain = Object.values(colours).map((background) =>
      sharp({ create: { width: 300, height: 200, channels: 3, background } }).jpeg().toBuffer()
    );
    const photos = await Promise.all(plain.map(async (jpeg) => decodePhoto(await jpeg, engine)));
    const vectors = await engine.embedImages(photos.map((photo) => photo.clipPixels));
    for (const [i, name] of Object.keys(colours).entries()) {
      const text = await engine.embedText(`a ${name} picture`);
      const cosines = vectors.map((vector) =>
        vector.reduce((sum, value, j) => sum + value * text[j], 0)
      );
      assert.equal(cosines.indexOf(Math.max(...cosines)), i, `${name}: ${cosines}`);
    }
    const found = await engine.findFaces(photos.map((photo) => photo.preview), {
      minScore: engine.thresholds.detection,
      minSize: 20,
    });
    assert.deepEqual(found, [[], [], []]);
  } finally {
    await engine.close();
  }
});

Deno.test("no text and no picture is beyond the built-in models", async () => {
  const engine = await openEngine({ modelsDir: null, roles: ["text", "images"] });
  try {
    for (const text of ["", "…", "xyzzy", "日本", "word ".repeat(200)]) {
      const vector = await engine.embedText(text);
      assert.equal(vector.length, engine.models.clip.dimension, text);
      assert.ok(vector.every((value) => value === 0), text);
    }
    assert.ok(Math.abs(Math.hypot(...await engine.embedText("xyzzy red")) - 1) < 1e-5);
    const length = engine.clipSize ** 2 * 3;
    const extremes = [0, 127, 255].map((level) => new Uint8Array(length).fill(level));
    assert.equal((await engine.embedImages(extremes)).length, 3);
  } finally {
    await engine.close();
  }
});
