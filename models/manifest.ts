import { z } from "zod";
import { isAbsolute, normalize } from "node:path";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits");

// A manifest comes from anywhere: it must not point at files outside its own folder, nor at hidden
// ones and itself, which the program writes.
const file = z.string().min(1).refine(
  (path) => !isAbsolute(path) && !normalize(path).startsWith(".."),
  "expected a path inside the pack's folder",
).refine(
  (path) => !/^\.|^manifest\.json$/i.test(normalize(path)),
  "expected a name that is neither hidden nor manifest.json",
);

const source = {
  file,
  /** Where it is fetched from; absent: the file came with its folder. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  bytes: z.int().positive().optional(),
  /** Absent: not pinned; the first download's is recorded and holds from then on. */
  sha256: sha256.optional(),
  /** The hash was recorded at the first download, nobody else vouches for it. */
  recorded: z.literal(true).optional(),
};

/** Per channel R, G, B, for pixels divided by 255: value = (pixel / 255 − mean) / std. */
const channels = z.tuple([z.number(), z.number(), z.number()]);
const std = z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]);
const size = z.int().min(16).max(2048);
const dimension = z.int().min(2).max(4096);
const cosine = z.number().min(-1).max(1);

const graph = {
  ...source,
  /** SHA-256 of the published graph that this one, which gives the same, was made of. */
  madeOf: sha256.optional(),
  input: z.string().min(1),
};

// Most take R, G, B; OpenCV's models take B, G, R.
const order = z.enum(["rgb", "bgr"]).default("rgb");

const visual = z.strictObject({ ...graph, size, mean: channels, std, order, dimension });

const textual = z.strictObject({ ...graph, context: z.int().min(3).max(1024), dimension });

const detector = z.strictObject({
  ...graph,
  /** How its outputs are read. */
  family: z.enum(["scrfd", "yunet"]).default("scrfd"),
  size,
  mean: channels,
  std,
  order,
  thresholds: z.strictObject({ detection: z.number().min(0).max(1) }),
});

const recogniser = z.strictObject({
  ...graph,
  size,
  mean: channels,
  std,
  order,
  dimension,
  thresholds: z.strictObject({ certain: cosine, likely: cosine }).refine(
    (thresholds) => thresholds.certain >= thresholds.likely,
    "certain must not be below likely",
  ),
});

const tokenizer = z.strictObject({
  kind: z.enum(["clip", "words"]),
  vocabulary: file,
  url: source.url,
  bytes: source.bytes,
  sha256: source.sha256,
  recorded: source.recorded,
});

// A bare name is enough for a pack of one's own.
const licence = z.union([
  z.string().min(1).transform((name) => ({ name, url: undefined, nonCommercial: false })),
  z.strictObject({
    name: z.string().min(1),
    url: z.url({ protocol: /^https?$/ }).optional(),
    /** True: whoever pulls it must agree to use it for no commercial purpose. */
    nonCommercial: z.boolean().default(false),
  }),
]);

const manifest = z.strictObject({
  name: z.string().regex(
    /^[a-z0-9][a-z0-9._-]*$/i,
    "expected letters, digits, dot, dash, underscore",
  ),
  licence,
  /** Where a person reads about the models. */
  homepage: z.url({ protocol: /^https?$/ }).optional(),
  /** Hosts, besides those of the URLs, that downloads may lead on to; `*.` takes any name before. */
  hosts: z.array(z.string().regex(/^(\*\.)?[a-z0-9.-]+$/, "expected a host name")).default([]),
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

/** One file of a pack and where it comes from. */
export interface PackFile {
  file: string;
  url?: string;
  bytes?: number;
  sha256?: string;
  recorded?: true;
}

/** The files of a pack without its manifest, each once, in the order graphs and vocabulary. */
export function packFiles({ roles, tokenizer }: Manifest): PackFile[] {
  const found = new Map<string, PackFile>();
  const graphs = [roles.visual, roles.textual, roles.detector, roles.recogniser];
  for (const part of [...graphs, tokenizer && { ...tokenizer, file: tokenizer.vocabulary }]) {
    if (!part || found.has(part.file)) continue;
    const { file, url, bytes, sha256, recorded } = part;
    found.set(file, { file, url, bytes, sha256, recorded });
  }
  return [...found.values()];
}

/**
 * The manifest with hashes and lengths by file as they were found. A hash that it did not name is
 * marked as recorded.
 */
export function withFound(
  manifest: Manifest,
  { hashes, lengths }: { hashes: Record<string, string>; lengths: Record<string, number> },
): Manifest {
  const filled = <Part extends Omit<PackFile, "file">>(part: Part, file: string): Part => ({
    ...part,
    bytes: lengths[file],
    sha256: hashes[file],
    recorded: part.sha256 === undefined ? true : part.recorded,
  });
  const { visual, textual, detector, recogniser } = manifest.roles;
  const { tokenizer } = manifest;
  return {
    ...manifest,
    roles: {
      visual: visual && filled(visual, visual.file),
      textual: textual && filled(textual, textual.file),
      detector: detector && filled(detector, detector.file),
      recogniser: recogniser && filled(recogniser, recogniser.file),
    },
    tokenizer: tokenizer && filled(tokenizer, tokenizer.vocabulary),
  };
}

/** The manifest before graphs were optimized on this machine: what its URLs give. */
export function asPublished(manifest: Manifest): Manifest {
  const published = structuredClone(manifest);
  for (const role of Object.values(published.roles)) {
    if (role?.madeOf === undefined) continue;
    role.sha256 = role.madeOf;
    delete role.madeOf;
    delete role.bytes;
  }
  return published;
}

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
  return checkManifest(json, path);
}

/** The same for JSON that is parsed already. */
export function checkManifest(json: unknown, path: string): Manifest {
  const parsed = manifest.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`Cannot read "${path}": ${faults.join("; ")}`);
}
