import assert from "node:assert/strict";
import { canvasOf, detect, type Detector } from "./detector.ts";
import { letterbox } from "./letterbox.ts";
import { openSession } from "./session.ts";
import { tinyGraphs } from "./tiny_pack.ts";

const data = Deno.env.get("SAFELIGHT_TEST_DATA");

async function open(family: "scrfd" | "yunet"): Promise<Detector> {
  const path = await Deno.makeTempFile({ suffix: ".onnx" });
  await Deno.writeFile(path, family === "yunet" ? tinyGraphs.yunet() : tinyGraphs.detector());
  try {
    const session = await openSession(path, { threads: 1 });
    const [input] = session.inputNames;
    const pixels = { mean: [0, 0, 0], std: [1, 1, 1], order: "rgb" } as const;
    const role = { ...pixels, family, input, size: 64, thresholds: { detection: 0.5 } };
    return { session, role: { ...role, file: "", sha256: "" } } as unknown as Detector;
  } finally {
    await Deno.remove(path);
  }
}

for (const family of ["scrfd", "yunet"] as const) {
  Deno.test(`a ${family} graph's outputs are read as its pack says`, async () => {
    const detector = await open(family);
    assert.deepEqual(canvasOf(detector), { size: 64, square: true });
    const picture = { data: new Uint8Array(128 * 32 * 3), width: 128, height: 32 };
    const canvas = await letterbox(picture, canvasOf(detector));
    const [face, ...others] = await detect(detector, canvas, 0.5);
    assert.deepEqual(others, []);
    assert.ok([8, 8, 64, 64].every((side, i) => Math.abs(face.box[i] - side) < 1e-4));
    assert.deepEqual([face.score, face.landmarks[0]], [0.75, [24, 32]]);
    assert.deepEqual(await detect(detector, canvas, 0.8), []);
    const other = family === "scrfd" ? "yunet" : "scrfd";
    const mistaken = { ...detector, role: { ...detector.role, family: other } } as Detector;
    await assert.rejects(detect(mistaken, canvas, 0.5), /The detector is no/);
    await detector.session.release();
  });
}

Deno.test("a graph without the input that its pack names is refused", async () => {
  const detector = await open("yunet");
  const mistaken = { ...detector, role: { ...detector.role, input: "image" } };
  assert.throws(() => canvasOf(mistaken), /no input "image", only input/);
  await detector.session.release();
});

Deno.test("published detectors take any canvas", async () => {
  if (!data) {
    console.warn("SAFELIGHT_TEST_DATA is not set: the canvas of real detectors not checked");
    return;
  }
  for (const name of ["scrfd_2.5g_bnkps", "yunet_n_dynamic"]) {
    const session = await openSession(`${data}/models/faces/${name}.onnx`, { threads: 1 });
    const role = { input: session.inputNames[0], size: 640 } as Detector["role"];
    assert.deepEqual(canvasOf({ session, role }), { size: 640, square: false }, name);
    await session.release();
  }
});
