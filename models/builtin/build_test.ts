import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openManifest } from "../pack.ts";
import { openSession } from "../session.ts";
import { buildPack } from "./build.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

Deno.test("the committed pack is what the script writes, byte for byte", async () => {
  for (const [name, bytes] of buildPack()) {
    const committed = await Deno.readFile(folder + name);
    assert.ok(
      committed.length === bytes.length && committed.every((byte, i) => byte === bytes[i]),
      `${name} differs from what models/builtin/build.ts writes; run it and commit the result`,
    );
  }
});

Deno.test("the pack is complete, says it is a demonstration, and is small", async () => {
  const { clip, faces } = await openManifest(folder);
  assert.equal(clip?.identity.builtin, true);
  assert.equal(faces?.identity.builtin, true);
  assert.equal(clip?.licence, "MIT");
  const total = [...buildPack().values()].reduce((sum, { length }) => sum + length, 0);
  assert.ok(total < 1e6, `the pack has ${total} bytes`);
});

Deno.test("the graphs have the inputs and outputs of the real ones", async () => {
  const shapes = async (name: string) => {
    const session = await openSession(folder + name, { threads: 1 });
    const [input] = session.inputMetadata;
    assert.ok(input.isTensor);
    return {
      input: [input.name, input.type, ...input.shape],
      outputs: session.outputMetadata.map((output) => output.isTensor ? output.shape : null),
    };
  };
  const strides = [12800, 3200, 800];
  assert.deepEqual(await shapes("detector.onnx"), {
    input: ["input.1", "float32", 1, 3, 640, 640],
    outputs: [1, 4, 10].flatMap((columns) => strides.map((rows) => [rows, columns])),
  });
  assert.deepEqual(await shapes("recogniser.onnx"), {
    input: ["input.1", "float32", "N", 3, 112, 112],
    outputs: [["N", 115]],
  });
  assert.deepEqual(await shapes("visual.onnx"), {
    input: ["image", "float32", "N", 3, 224, 224],
    outputs: [["N", 52]],
  });
  assert.deepEqual(await shapes("textual.onnx"), {
    input: ["text", "int32", 1, 77],
    outputs: [[1, 52]],
  });
});
