import { workerPermissions } from "../jobs/supervisor.ts";

/** Graphs of a gigabyte on a slow machine are loaded and run within this. */
const PATIENCE_MS = 180_000;

/**
 * Has every graph of an installed pack run once in a process of its own: graphs take more memory than
 * the web process may, and one that crashes the runtime costs nothing there. Throws an Error that says
 * for a person what is wrong; `patienceMs` is for tests.
 */
export async function tryApart(
  dataDir: string,
  name: string,
  { patienceMs = PATIENCE_MS }: { patienceMs?: number } = {},
): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...(Deno.build.standalone ? [] : [
        "run",
        "--quiet",
        "--cached-only",
        "--no-prompt",
        ...workerPermissions(dataDir),
        import.meta.resolve("../main.ts"),
      ]),
      ...["models", "try", name, "--data", dataDir],
    ],
    // With "debug" an error comes with its stack, which is not for a person.
    env: { SAFELIGHT_LOG_LEVEL: "warn", SAFELIGHT_MODELS: "" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let tooLong = false;
  const late = setTimeout(() => {
    tooLong = true;
    child.kill("SIGKILL");
  }, patienceMs);
  try {
    const { success, signal, stderr } = await child.output();
    if (success) return;
    if (tooLong) {
      throw new Error(
        `The models of "${name}" cannot be used: to load and run them once took longer than ${
          patienceMs / 1000
        } s; try again while the machine has less to do, or use smaller models`,
      );
    }
    const said = new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1);
    throw new Error(
      signal === null && said
        ? said
        : `The models of "${name}" cannot be used: the process that tried them ended by ${
          signal ?? "itself"
        }`,
    );
  } finally {
    clearTimeout(late);
  }
}
