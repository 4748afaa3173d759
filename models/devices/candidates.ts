import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { listSupportedBackends } from "../onnxruntime.ts";
import { z } from "zod";
import { DEVICES, PROVIDERS } from "./device.ts";

/** A device that could be tried on this machine, or why it cannot. */
export const candidateShape = z.object({
  device: z.enum(DEVICES),
  /** What the system calls it; null where that is not known before it is opened. */
  adapter: z.string().nullable(),
  /** True for a GPU that is a program on the CPU. */
  software: z.boolean(),
  /** Why it need not be tried; null where it can be. */
  missing: z.string().nullable(),
});
export type Candidate = z.infer<typeof candidateShape>;

const require = createRequire(import.meta.url);

/** The provider's library, which npm does not carry: installing it is up to the user. */
const CUDA_LIBRARY = "libonnxruntime_providers_cuda.so";

/**
 * What this system's ONNX Runtime knows besides the CPU, a system's own way to its GPU first; WebGPU is
 * in every package and drives any vendor's. Asks graphics drivers, which may crash: to be
 * called in a process that may.
 */
export async function listCandidates(): Promise<Candidate[]> {
  const known = new Set(listSupportedBackends().map(({ name }) => name));
  const candidates: Candidate[] = [];
  for (const device of ["cuda", "coreml", "directml", "webgpu"] as const) {
    if (!known.has(PROVIDERS[device])) continue;
    const candidate = { device, adapter: null, software: false, missing: null };
    if (device === "cuda") {
      candidates.push({ ...candidate, missing: await missingCuda() });
    } else if (device === "webgpu") {
      candidates.push({ ...candidate, ...await webgpuAdapter() });
    } else candidates.push(candidate);
  }
  return candidates;
}

async function missingCuda(): Promise<string | null> {
  const folder = join(
    dirname(require.resolve("onnxruntime-node")),
    "../bin/napi-v6",
    Deno.build.os,
    Deno.build.arch === "aarch64" ? "arm64" : "x64",
  );
  const path = join(folder, CUDA_LIBRARY);
  const there = await Deno.stat(path).then(() => true, () => false);
  return there ? null : `its libraries are not installed (${CUDA_LIBRARY})`;
}

/**
 * Dawn, inside ONNX Runtime, does not say which adapter it takes; Deno's own WebGPU, asked for the
 * same preference, sees the same drivers.
 */
async function webgpuAdapter(): Promise<Partial<Candidate>> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return { missing: "no GPU was found (it needs a Vulkan driver on Linux)" };
  const { description, device, vendor } = adapter.info;
  const name = description || [vendor, device].filter(Boolean).join(" ") || null;
  return { adapter: name, software: adapter.info.isFallbackAdapter || isSoftware(name ?? "") };
}

/** SwiftShader (Chromium's), llvmpipe and lavapipe (Mesa's), WARP (Windows'). */
const isSoftware = (name: string): boolean =>
  /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i.test(name);
