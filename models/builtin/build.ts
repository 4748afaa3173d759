/**
 * Writes the built-in model pack: `deno run -A models/builtin/build.ts` after a change of the
 * graphs. The files are committed; build_test.ts fails when they are not what this writes.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { visualDimension } from "./colours.ts";
import { buildDetector } from "./detector.ts";
import { buildRecogniser, recogniserDimension } from "./recogniser.ts";
import { buildTextual, buildVocabulary, context } from "./textual.ts";
import { buildVisual, clipMean, clipStd } from "./visual.ts";

/** Every file of the pack by its name, `manifest.json` among them. */
export function buildPack(): Map<string, Uint8Array> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const files = new Map([
    ["visual.onnx", buildVisual()],
    ["textual.onnx", buildTextual()],
    ["detector.onnx", buildDetector()],
    ["recogniser.onnx", buildRecogniser()],
    ["vocabulary.json", encode(buildVocabulary())],
  ]);
  const graph = (file: string, input: string) => ({
    file,
    sha256: createHash("sha256").update(files.get(file)!).digest("hex"),
    input,
  });
  const manifest = {
    name: "builtin",
    licence: "MIT",
    description:
      "Demonstration models: they search by colour, light and simple scenery, and know " +
      "the drawn people of the sample library. For faces in photographs and for words in general, " +
      "install real models.",
    builtin: true,
    roles: {
      visual: {
        ...graph("visual.onnx", "image"),
        size: 224,
        mean: clipMean,
        std: clipStd,
        dimension: visualDimension,
      },
      textual: { ...graph("textual.onnx", "text"), context, dimension: visualDimension },
      detector: {
        ...graph("detector.onnx", "input.1"),
        size: 640,
        mean: halves(127.5 / 255),
        std: halves(128 / 255),
        // The sample library's faces score 0.7 and more, photographs stay below 0.4.
        thresholds: { detection: 0.5 },
      },
      recogniser: {
        ...graph("recogniser.onnx", "input.1"),
        size: 112,
        mean: halves(0.5),
        std: halves(0.5),
        dimension: recogniserDimension,
        // In the sample library the same person reaches 0.95 and more, two people 0.28 at most.
        thresholds: { certain: 0.7, likely: 0.5 },
      },
    },
    tokenizer: { kind: "words", vocabulary: "vocabulary.json" },
  };
  return files.set("manifest.json", encode(`${JSON.stringify(manifest, null, 2)}\n`));
}

function halves(value: number): [number, number, number] {
  return [value, value, value];
}

if (import.meta.main) {
  for (const [name, bytes] of buildPack()) {
    await Deno.writeFile(join(fileURLToPath(new URL(".", import.meta.url)), name), bytes);
    console.log(`${name}: ${bytes.length} bytes`);
  }
}
