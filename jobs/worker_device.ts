import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Config } from "../config.ts";
import { log } from "../log.ts";
import { askForCandidates } from "../models/devices/ask.ts";
import type { Candidate } from "../models/devices/candidates.ts";
import { chooseDevice, type ChooseOptions } from "../models/devices/choose.ts";
import { type Device, type DeviceChoice, DEVICES } from "../models/devices/device.ts";
import { packsDir } from "../models/installed.ts";
import { openPacks } from "../models/pack.ts";

const BUILTIN_DIR = fileURLToPath(new URL("../models/builtin", import.meta.url));

/**
 * What a worker should run the models in use on. Chosen by whoever starts it, since trying a device
 * takes a process of its own, which a worker may not start. Throws a DeviceError if the device that
 * SAFELIGHT_DEVICE names cannot be used, and what openPacks throws.
 */
export async function workerDevice(
  { device, dataDir, modelsDir }: Pick<Config, "device" | "dataDir" | "modelsDir">,
  how: Pick<ChooseOptions, "list" | "signal" | "anew"> = {},
): Promise<DeviceChoice> {
  const models = await openPacks({
    modelsDir,
    packsDir: packsDir(dataDir),
    builtinDir: BUILTIN_DIR,
  });
  return await chooseDevice(device, { models, dataDir, ...how });
}

/**
 * Finds out at the start of a command whether the device that SAFELIGHT_DEVICE names can be used;
 * throws a DeviceError if not. What `auto` would take is left to the supervisor: it may take minutes,
 * and so may this; `stopping` ends it early, without an error. Tried anew although it worked before: a
 * driver may have gone since, and the run would be on the CPU.
 */
export async function checkDevice(config: Config, stopping?: AbortSignal): Promise<void> {
  if (config.device === "auto") return;
  await workerDevice(config, { signal: stopping, anew: true }).catch((error) => {
    if (!stopping?.aborted) throw error;
  });
}

/** What the workers of one supervisor run on, one after the other. */
export interface WorkerDevices {
  choose(): Promise<DeviceChoice>;
  /** The worker ended, with this signal or by itself. */
  ended(signal: Deno.Signal | null): void;
}

/**
 * How processes end that a driver crashes, or hangs until they are killed for it, or that use up the
 * memory it takes. After so many in a row on one device the CPU takes over: photos would be blamed for
 * it otherwise, and given up at the third death.
 */
const CRASHES: readonly (Deno.Signal | null)[] = [
  "SIGSEGV",
  "SIGABRT",
  "SIGBUS",
  "SIGILL",
  "SIGFPE",
  "SIGKILL",
];
const MOST_CRASHES = 2;
/** Who has worked for so long was not ended by a device that does not work. */
const LONG_LIFE_MS = 600_000;

/** Chooses for one worker after the other, by `choose` (see deviceChooser). */
export function workerDevices(
  choose: () => Promise<DeviceChoice>,
  now: () => number = () => performance.now(),
): WorkerDevices {
  let current: Device = "cpu";
  let since = 0;
  let crashes = 0;
  let given: DeviceChoice | null = null;
  return {
    async choose() {
      const choice = given ?? await choose();
      current = choice.device;
      since = now();
      return choice;
    },
    ended(signal) {
      if (current === "cpu") return;
      if (now() - since > LONG_LIFE_MS) crashes = 0;
      crashes = CRASHES.includes(signal) ? crashes + 1 : 0;
      if (crashes < MOST_CRASHES) return;
      const reason = `workers on ${current} crashed ${crashes} times in a row (${signal}); it is ` +
        "tried again when Safelight is started again";
      log("warn", "going on on the CPU", { reason });
      given = { device: "cpu", reason };
    },
  };
}

/** A workerDevice that lists the machine's devices only once, or until that works. */
export function deviceChooser(config: Config, signal: AbortSignal): () => Promise<DeviceChoice> {
  let listed: Candidate[] | null = null;
  const list = async () => {
    if (listed) return listed;
    const found = await askForCandidates(signal);
    if (!("failure" in found)) listed = found;
    return found;
  };
  return () => workerDevice(config, { list, signal });
}

const VARIABLE = "SAFELIGHT_WORKER_DEVICE";

const choice = z.object({ device: z.enum(DEVICES), reason: z.string() });

/** The variable that tells a worker what was chosen for it. */
export const deviceEnvironment = (choice: DeviceChoice): Record<string, string> => ({
  [VARIABLE]: JSON.stringify(choice),
});

/** What was chosen for this worker; the CPU if nobody did. */
export function chosenDevice(given = Deno.env.get(VARIABLE)): DeviceChoice {
  if (!given) return { device: "cpu", reason: "nobody tried anything else" };
  return choice.parse(JSON.parse(given));
}
