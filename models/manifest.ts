import { z } from "zod";
import { isAbsolute, normalize } from "node:path";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits");

// A manifest comes from anywhere: it must not point at files outside its own folder.
const file = z.string().min(1).refine(
  (path) => !isAbsolute(path) && !normalize(path).startsWith(".."),
  "expected a path inside the pack's folder",
);

/** Per channel R, G, B, for pixels divided by 255: value = (pixel / 255 − mean) / std. */
const channels = z.tuple([z.number(), z.number(), z.number()]);
const std = z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]);
const size = z.int().min(16).max(2048);
const dimension = z.int().min(2).max(4096);
const cosine = z.number().min(-1).max(1);

const graph = { file, sha256, input: z.string().min(1) };

const visual = z.strictObject({ ...graph, size, mean: channels, std, dimension });

const textual = z.strictObject({ ...graph, context: z.int().min(3).max(1024), dimension });

const detector = z.strictObject({
  ...graph,
  size,
  mean: channels,
  std,
  thresholds: z.strictObject({ detection: z.number().min(0).max(1) }),
});

const recogniser = z.strictObject({
  ...graph,
  size,
  mean: channels,
  std,
  dimension,
  thresholds: z.strictObject({ certain: cosine, likely: cosine }).refine(
    (thresholds) => thresholds.certain >= thresholds.likely,
    "certain must not be below likely",
  ),
});

const tokenizer = z.strictObject({
  kind: z.enum(["clip", "words"]),
  vocabulary: file,
});

const manifest = z.strictObject({
  name: z.string().regex(
    /^[a-z0-9][a-z0-9._-]*$/i,
    "expected letters, digits, dot, dash, underscore",
  ),
  licence: z.string().min(1),
  description: z.string().optional(),
  builtin: z.boolean().default(false),
  roles: z.strictObject({
    visual: visual.optional(),
    textual: textual.optional(),
    detector: detector.optional(),
    recogniser: recogniser.optional(),
  }),
  tokenizer: tokenizer.optional(),
}).superRefine((pack, context) => {
  const { visual, textual, detector, recogniser } = pack.roles;
  const fault = (message: string) => context.addIssue({ code: "custom", path: ["roles"], message });
  if (!visual !== !textual) fault("visual and textual come together or not at all");
  if (!detector !== !recogniser) fault("detector and recogniser come together or not at all");
  if (visual && textual && visual.dimension !== textual.dimension) {
    fault(`visual has ${visual.dimension} dimensions, textual ${textual.dimension}`);
  }
  if (textual && !pack.tokenizer) fault("a textual model needs a tokenizer");
});

/**
 * What `manifest.json` of a model pack says. `mean` and `std` are for pixels divided by 255,
 * `size` is the side of the square input in pixels, `input` the name of the graph's input,
 * `thresholds.detection` the lowest face score (0…1), `certain` and `likely` cosines from which a
 * face is assigned to a person or suggested.
 */
export type Manifest = z.output<typeof manifest>;
export type VisualRole = z.output<typeof visual>;
export type TextualRole = z.output<typeof textual>;
export type DetectorRole = z.output<typeof detector>;
export type RecogniserRole = z.output<typeof recogniser>;
export type TokenizerRole = z.output<typeof tokenizer>;

/**
 * Reads a manifest. `path` is only for the message. Throws an Error that lists every field that is
 * wrong.
 */
export function parseManifest(text: string, path: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot read "${path}": it is not JSON (${(error as Error).message})`);
  }
  const parsed = manifest.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`Cannot read "${path}": ${faults.join("; ")}`);
}
