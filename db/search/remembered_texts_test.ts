import assert from "node:assert/strict";
import { rememberTexts } from "./remembered_texts.ts";

Deno.test("words are embedded once, also by two who ask at the same time; a fault is not kept", async () => {
  const asked: string[] = [];
  let broken = true;
  const encoder = rememberTexts({
    models: { clip: { key: "test@1", dimension: 1, builtin: false } },
    embedText(text) {
      asked.push(text);
      return text === "torn" && broken
        ? Promise.reject(new Error("torn"))
        : Promise.resolve(Float32Array.of(text.length));
    },
    embedPicture: (bytes) => Promise.resolve(Float32Array.of(bytes.length)),
    close: () => Promise.resolve(),
  });
  const both = await Promise.all([encoder.embedText("dog"), encoder.embedText("dog")]);
  assert.deepEqual(both, [Float32Array.of(3), Float32Array.of(3)]);
  assert.deepEqual(await encoder.embedText("horse"), Float32Array.of(5));
  assert.deepEqual(await encoder.embedText("dog"), Float32Array.of(3));
  assert.deepEqual(asked, ["dog", "horse"]);

  await assert.rejects(encoder.embedText("torn"), { message: "torn" });
  broken = false;
  assert.deepEqual(await encoder.embedText("torn"), Float32Array.of(4));
  assert.deepEqual(asked.slice(2), ["torn", "torn"]);
  assert.deepEqual(await encoder.embedPicture(new Uint8Array(7)), Float32Array.of(7));
});
