/**
 * A signal that fires on SIGINT or SIGTERM, and `restore` to listen no more. A second SIGINT ends
 * the process at once, for whoever does not want to wait.
 */
export function stopSignals(): { stopping: AbortSignal; restore(): void } {
  const controller = new AbortController();
  const names: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const listener = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort();
  };
  for (const name of names) Deno.addSignalListener(name, listener);
  return {
    stopping: controller.signal,
    restore() {
      for (const name of names) Deno.removeSignalListener(name, listener);
    },
  };
}

/** Resolves when the signal fires. */
export function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
