const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * Path of a Chromium to test with: SAFELIGHT_CHROMIUM, or the first one installed. As root on a
 * Debian system it is installed if missing; elsewhere the error says what to install. Browser tests
 * are never skipped.
 */
export async function findChromium(): Promise<string> {
  const found = Deno.env.get("SAFELIGHT_CHROMIUM") ?? await installed();
  if (found) return found;
  if (Deno.build.os === "linux" && Deno.uid() === 0 && await which("apt-get")) {
    console.log("Installing chromium for the browser tests …");
    await run("apt-get", ["update", "-qq"]);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"]);
    const path = await installed();
    if (path) return path;
  }
  throw new Error(
    "Cannot run the browser tests: no Chromium was found; install it (Debian: apt-get install " +
      "chromium) or set SAFELIGHT_CHROMIUM to its path",
  );
}

async function installed(): Promise<string | null> {
  for (const name of NAMES) {
    const path = await which(name);
    if (path) return path;
  }
  return null;
}

async function which(name: string): Promise<string | null> {
  for (const dir of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${dir}/${name}`;
    if (await Deno.stat(path).then((stat) => stat.isFile, () => false)) return path;
  }
  return null;
}

async function run(program: string, args: string[]): Promise<void> {
  await new Deno.Command(program, {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdout: "null",
    stderr: "inherit",
  }).output();
}
