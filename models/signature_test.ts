import assert from "node:assert/strict";
import fc from "fast-check";
import { FLOAT, type Port, readSignature, recognise } from "./signature.ts";
import { tinyGraphs } from "./tiny_pack.ts";

const data = Deno.env.get("SAFELIGHT_TEST_DATA");

Deno.test("graphs are told by their ports", () => {
  assert.deepEqual(recognise(readSignature(tinyGraphs.visual())), {
    role: "visual",
    input: "image",
    size: 224,
    dimension: 3,
  });
  assert.deepEqual(recognise(readSignature(tinyGraphs.textual("int64"))), {
    role: "textual",
    input: "text",
    context: 77,
    dimension: 3,
  });
  assert.deepEqual(recognise(readSignature(tinyGraphs.detector())), {
    role: "detector",
    family: "scrfd",
    input: "input.1",
    size: 64,
  });
  assert.deepEqual(recognise(readSignature(tinyGraphs.yunet())), {
    role: "detector",
    family: "yunet",
    input: "input",
    size: 64,
  });
  assert.deepEqual(recognise(readSignature(tinyGraphs.recogniser(1))), {
    role: "recogniser",
    input: "input.1",
    size: 112,
    dimension: 3,
  });
});

Deno.test("what is not used says why", () => {
  const port = (name: string, shape: (number | null)[], type = FLOAT): Port => ({
    name,
    shape,
    type,
  });
  const reason = (inputs: Port[], outputs: Port[], external = false) => {
    const found = recognise({ inputs, outputs, external });
    assert.equal(found.role, null);
    return found.role === null ? found.reason : "";
  };
  const image = (side: number) => port("data", [null, 3, side, side]);
  const vector = [port("out", [1, 512])];
  assert.match(reason([image(192)], vector), /\[\?, 3, 192, 192\]/);
  assert.match(reason([image(224), port("ids", [1, 77], 7)], vector), /2 inputs/);
  assert.match(reason([image(224)], [port("map", [1, 512, 7, 7])]), /no.*vector/);
  assert.match(reason([image(224)], vector, true), /second file/);
  const old = ["loc", "conf", "iou"].map((name) => port(name, [null, name.length]));
  assert.match(reason([image(640)], old), /YuNet of 2022/);
  const noLandmarks = recognise(readSignature(tinyGraphs.detector(false)));
  assert.match(noLandmarks.role === null ? noLandmarks.reason : "", /without landmarks/);
});

Deno.test("real exports are read, weights among the inputs left out", async () => {
  if (!data) {
    console.warn("SAFELIGHT_TEST_DATA is not set: signatures of real exports not checked");
    return;
  }
  const read = async (name: string) =>
    recognise(readSignature(await Deno.readFile(`${data}/models/faces/${name}.onnx`)));
  const open = { role: "detector", size: null };
  const scrfd = { ...open, family: "scrfd", input: "input.1" };
  assert.deepEqual(await read("scrfd_2.5g_bnkps"), scrfd);
  assert.deepEqual(await read("yunet_n_dynamic"), { ...open, family: "yunet", input: "input" });
  assert.deepEqual(await read("mobilefacenet"), {
    role: "recogniser",
    input: "input",
    size: 112,
    dimension: 128,
  });
});

Deno.test("other bytes are refused with an Error, never a loop or a wrong reading", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    assert.throws(() => readSignature(bytes), /no ONNX model/);
  }));
  const graph = tinyGraphs.visual();
  fc.assert(fc.property(fc.integer({ min: 0, max: graph.length - 20 }), (length) => {
    assert.throws(() => readSignature(graph.subarray(0, length)), /no ONNX model/);
  }));
});
