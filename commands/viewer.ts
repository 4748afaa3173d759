/** How a desktop opens a file with the program its user chose for it. */
const VIEWERS: Partial<Record<typeof Deno.build.os, { program: string; remedy: string }>> = {
  linux: { program: "xdg-open", remedy: "install xdg-utils" },
  freebsd: { program: "xdg-open", remedy: "install xdg-utils" },
  darwin: { program: "open", remedy: "it is part of macOS: look at PATH" },
  // Not cmd's `start`, which reads `&` and `%` in the name of a file as its own.
  windows: { program: "explorer.exe", remedy: "it is part of Windows: look at PATH" },
};

/** A viewer that runs on is no fault; one that cannot show anything says so sooner. */
const PATIENCE_MS = 3000;

/**
 * Opens files in the desktop's viewer, one after the other. Paths are absolute, so none begins like
 * an option, and no shell reads them. Throws an Error for a person where there is no viewer, or it
 * gives up.
 */
export async function openInViewer(paths: string[]): Promise<void> {
  const viewer = VIEWERS[Deno.build.os];
  if (!viewer) throw new Error(`Cannot open pictures: no viewer is known for ${Deno.build.os}`);
  const { program, remedy } = viewer;
  for (const path of paths) {
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command(program, {
        args: [path],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error(
        `Cannot open pictures: this machine has no "${program}"; ${remedy}, or leave out --open`,
        { cause: error },
      );
    }
    const code = await ended(child);
    // Explorer says 1 whatever happens.
    if (code !== null && code !== 0 && Deno.build.os !== "windows") {
      throw new Error(`Cannot open "${path}": ${program} ended with code ${code}`);
    }
  }
}

async function ended(child: Deno.ChildProcess): Promise<number | null> {
  const patience = Promise.withResolvers<null>();
  const timer = setTimeout(() => patience.resolve(null), PATIENCE_MS);
  const code = await Promise.race([child.status.then((status) => status.code), patience.promise]);
  clearTimeout(timer);
  if (code === null) child.unref();
  return code;
}
