import { z } from "zod";
import { PACK_STATUSES } from "../views/pack_view.ts";
import { count, id } from "./common_schemas.ts";

/** Packs of models. */

const kind = z.enum(["clip", "faces"]).describe("clip: pictures and words");

/** A pack is a folder of its name. */
export const PackParam = z.object({ name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i).max(200) });

export const PullRequest = z.object({
  acceptLicence: z.boolean().default(false)
    .describe("That a non-commercial licence was read and is agreed to; such packs ask for it"),
});

export const ModelPack = z.object({
  name: z.string(),
  description: z.string().nullable(),
  homepage: z.string().nullable(),
  licence: z.string(),
  licenceUrl: z.string().nullable(),
  nonCommercial: z.boolean(),
  bytes: count.nullable().describe("All its files"),
  source: z.string().nullable().describe("Host it is pulled from; null: it cannot be pulled"),
  pinned: z.boolean().describe("False: the hashes are those of the first pull"),
  understands: z.array(z.object({ kind, dimension: count })),
  builtin: z.boolean(),
  installed: z.boolean(),
  inUse: z.array(kind).describe("What it is chosen for"),
  status: z.enum(PACK_STATUSES).describe("fetching, verifying, installing: under way"),
  progress: z.object({
    file: z.string().nullable(),
    bytes: count,
    total: count.nullable(),
    bytesPerSecond: z.number().nullable(),
    etaSeconds: z.number().nullable(),
  }).nullable().describe("Over the whole pack; also of a pull that was interrupted"),
  message: z.string().nullable().describe("Why the last pull or check failed"),
  checked: z.object({ at: z.iso.datetime(), faults: z.array(z.string()) }).nullable()
    .describe("The last check since the web app started"),
});

export const PackDeed = z.object({
  changed: z.boolean().describe("False: it was so already"),
  pack: ModelPack,
});

export const PackUse = z.object({
  sessionId: id.nullable()
    .describe("The run that looks at the library with the new models; null: nothing is in it yet"),
});

export const ModelList = z.object({
  items: z.array(ModelPack),
  modelsDir: z.string().nullable()
    .describe("SAFELIGHT_MODELS, which wins over what is chosen; null: not set"),
  packsDir: z.string().describe("The folder of installed packs"),
  former: z.object({ kinds: z.array(kind), sessionId: id.nullable() }).nullable()
    .describe("What is still answered by the former models, until that run is complete"),
  devices: z.array(z.object({
    device: z.string(),
    reason: z.string().nullable(),
    workers: count,
  })).describe("What models run on"),
  faults: z.array(z.string()).describe("What is wrong with the folder of packs or the choice"),
  now: z.iso.datetime(),
});
