import type { ResolvedModels } from "../pack.ts";
import { askForCandidates, askForProbe } from "./ask.ts";
import type { Candidate } from "./candidates.ts";
import { type Device, type DeviceChoice, DeviceError, type DeviceSetting } from "./device.ts";
import { openMemory } from "./remembered.ts";
import { judge, type Outcome, software, type Verdict } from "./verdict.ts";

export interface ChooseOptions {
  models: ResolvedModels;
  /** Where outcomes are remembered. */
  dataDir: string;
  /** Ends what is being tried; the choice then rejects. */
  signal?: AbortSignal;
  /** How the machine is asked; tests answer themselves. */
  list?: (signal?: AbortSignal) => Promise<Candidate[] | { failure: string }>;
  /** Tries a device asked for by name although it is remembered as working. */
  anew?: boolean;
  probe?: (device: Device, models: ResolvedModels, signal?: AbortSignal) => Promise<Outcome>;
}

/**
 * What to run the models on. `auto` takes the first candidate that gives the CPU's results and is
 * faster, else the CPU; GPUs that are programs are not even tried. A device asked for by name must
 * give the right results only: throws a DeviceError that says why it does not. Models are run once on
 * each candidate that is tried, in processes of their own; outcomes are remembered.
 */
export async function chooseDevice(
  wanted: DeviceSetting,
  options: ChooseOptions,
): Promise<DeviceChoice> {
  if (wanted === "cpu") return { device: "cpu", reason: "SAFELIGHT_DEVICE asks for it" };
  const { list = askForCandidates, signal } = options;
  const candidates = await list(signal);
  if ("failure" in candidates) {
    if (wanted !== "auto") throw cannot(wanted, candidates.failure);
    return { device: "cpu", reason: `GPUs cannot be looked for: ${candidates.failure}` };
  }
  if (wanted !== "auto") {
    const candidate = candidates.find(({ device }) => device === wanted);
    if (!candidate) throw cannot(wanted, `ONNX Runtime on ${Deno.build.os} does not know it`);
    const { usable, reason } = await tried(candidate, { ...options, repaired: true });
    if (!usable) throw cannot(wanted, reason);
    return { device: wanted, reason: `SAFELIGHT_DEVICE asks for it; ${reason}` };
  }
  const refused: string[] = [];
  for (const candidate of candidates) {
    const { device } = candidate;
    const { better, reason } = candidate.software
      ? { better: false, reason: software(candidate) }
      : await tried(candidate, { ...options, anew: false });
    if (better) return { device, reason };
    refused.push(`${device}: ${reason}`);
  }
  return { device: "cpu", reason: `nothing better: ${refused.join("; ")}` };
}

// `repaired`: whoever asks for a device by name may have mended by now what failed before.
async function tried(
  candidate: Candidate,
  { repaired = false, anew = false, ...options }: ChooseOptions & { repaired?: boolean },
): Promise<Verdict> {
  const { models, dataDir, signal, probe = askForProbe } = options;
  if (candidate.missing !== null) return judge(candidate, null);
  const memory = openMemory(dataDir);
  const known = await memory.find(candidate, models);
  const before = known && judge(candidate, known);
  if (before && (before.usable ? !anew : !repaired)) return before;
  const outcome = await probe(candidate.device, models, signal);
  await memory.keep(candidate, models, outcome);
  return judge(candidate, outcome);
}

/** Every candidate tried now, whatever is remembered, which is then replaced; for `doctor`. */
export async function examineDevices(
  options: ChooseOptions,
): Promise<(Verdict & { candidate: Candidate })[]> {
  const { models, dataDir, list = askForCandidates, probe = askForProbe } = options;
  const candidates = await list();
  if ("failure" in candidates) throw new DeviceError(candidates.failure);
  const examined: (Verdict & { candidate: Candidate })[] = [];
  for (const candidate of candidates) {
    let outcome: Outcome | null = null;
    if (candidate.missing === null) {
      outcome = await probe(candidate.device, models);
      await openMemory(dataDir).keep(candidate, models, outcome);
    }
    examined.push({ candidate, ...judge(candidate, outcome) });
  }
  return examined;
}

const cannot = (device: Device, reason: string): DeviceError =>
  new DeviceError(
    `SAFELIGHT_DEVICE is "${device}", which cannot be used here: ${reason}; repair that, or set it ` +
      `to auto or cpu ("deno task doctor" tries every device)`,
  );
