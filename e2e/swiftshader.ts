import { dirname, join } from "node:path";
import { findChromium } from "./chromium.ts";

const DRIVER = "vk_swiftshader_icd.json";

/**
 * Makes SwiftShader, a GPU that is a program, the only one this process and its children see: the
 * WebGPU path of ONNX Runtime needs no other. Chromium carries it; the Vulkan loader is installed if
 * missing, as root on Debian, and elsewhere the error says what to install. Never skipped.
 */
export async function useSwiftShader(): Promise<void> {
  const chromium = await Deno.realPath(await findChromium());
  const folders = [dirname(chromium), "/usr/lib/chromium"];
  const path = await first(folders.map((folder) => join(folder, DRIVER)));
  if (!path) throw new Error(`Cannot test WebGPU: there is no ${DRIVER} in ${folders.join(", ")}`);
  await installLoader();
  Deno.env.set("VK_ICD_FILENAMES", path);
}

async function installLoader(): Promise<void> {
  const libraries = ["/usr/lib", "/usr/lib64", `/usr/lib/${Deno.build.arch}-linux-gnu`];
  if (await first(libraries.map((folder) => join(folder, "libvulkan.so.1")))) return;
  if (Deno.uid() !== 0) {
    throw new Error("Cannot test WebGPU: there is no Vulkan loader; install libvulkan1");
  }
  console.log("Installing libvulkan1 for the WebGPU tests …");
  const { success } = await new Deno.Command("apt-get", {
    args: ["install", "-y", "-qq", "--no-install-recommends", "libvulkan1"],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdout: "null",
  }).output();
  if (!success) throw new Error("Cannot test WebGPU: libvulkan1 could not be installed");
}

async function first(paths: string[]): Promise<string | null> {
  for (const path of paths) {
    if (await Deno.stat(path).then((stat) => stat.isFile, () => false)) return path;
  }
  return null;
}
