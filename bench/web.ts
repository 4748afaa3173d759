import { serveCommand } from "../commands/serve.ts";
import { readConfig } from "../config.ts";

// The program under measurement, in a process of its own: `web.ts DATA [--no-worker]`. Prints its
// address and stops when its standard input closes.
const [data, flag] = Deno.args;
const stopping = new AbortController();
const config = readConfig({ SAFELIGHT_LOG_LEVEL: "warn" }, { data, port: "0" });
const served = serveCommand(config, {
  ready: (url) => console.log(url),
  stopping: stopping.signal,
  worker: flag !== "--no-worker",
});
for await (const _ of Deno.stdin.readable);
stopping.abort();
Deno.exit(await served);
