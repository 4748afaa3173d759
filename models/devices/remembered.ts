import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { log } from "../../log.ts";
import { env } from "../onnxruntime.ts";
import type { ResolvedModels } from "../pack.ts";
import { writeText } from "../write_text.ts";
import type { Candidate } from "./candidates.ts";
import { type Outcome, outcomeShape } from "./verdict.ts";

/** A device that failed may have been short of memory only: it gets another chance the day after. */
const FAILURES_MS = 24 * 3600 * 1000;
/** Of several machines that share a data directory, and of models used before. */
const MOST = 50;

const entryShape = z.object({ key: z.string(), at: z.number(), outcome: outcomeShape });
type Entry = z.infer<typeof entryShape>;

/** What is remembered of earlier tries, so that a start does not take the minutes of the first one. */
export interface Memory {
  find(candidate: Candidate, models: ResolvedModels): Promise<Outcome | null>;
  /** Where it cannot be written, that is logged: it costs the next start a try, no more. */
  keep(candidate: Candidate, models: ResolvedModels, outcome: Outcome): Promise<void>;
}

/** The memory in a data directory: `devices.json`, which may be removed at any time. */
export function openMemory(dataDir: string, now: () => number = Date.now): Memory {
  const path = join(dataDir, "devices.json");
  return {
    async find(candidate, models) {
      const key = keyOf(candidate, models);
      const entry = (await read(path)).find((entry) => entry.key === key);
      if (!entry) return null;
      return "failure" in entry.outcome && now() - entry.at > FAILURES_MS ? null : entry.outcome;
    },
    async keep(candidate, models, outcome) {
      const key = keyOf(candidate, models);
      const others = (await read(path)).filter((entry) => entry.key !== key);
      const entries = [{ key, at: now(), outcome }, ...others].slice(0, MOST);
      try {
        await Deno.mkdir(dataDir, { recursive: true });
        await writeText(path, `${JSON.stringify(entries, null, 1)}\n`);
      } catch (error) {
        log("warn", "what came of trying a device cannot be remembered", {
          device: candidate.device,
          error: String(error),
        });
      }
    },
  };
}

// Whatever may change the outcome: another machine, GPU, driver's name, model or ONNX Runtime.
const keyOf = ({ device, adapter }: Candidate, { clip, faces }: ResolvedModels): string => {
  const graphs = [clip.visual, faces.detector, faces.recogniser]
    .map(({ sha256 }) => sha256.slice(0, 12));
  return [
    ...[hostname(), device, adapter, clip.identity.key, faces.identity.key],
    ...[...graphs, env.versions.node],
  ].join(" | ");
};

// A file or an entry that is not there or damaged costs a try of the devices, no more.
async function read(path: string): Promise<Entry[]> {
  const entries = await Deno.readTextFile(path).then(JSON.parse, () => []).catch(() => []);
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry) => entryShape.safeParse(entry).data ?? []);
}
