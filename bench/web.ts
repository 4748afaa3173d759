import { serveCommand } from "../commands/serve.ts";
import { readConfig } from "../config.ts";

// The program under measurement, in a process of its own: `web.ts DATA [--no-worker] [NAME=VALUE…]`.
// Prints its address and stops when its standard input closes.
const [data, ...options] = Deno.args;
const stopping = new AbortController();
const variables = options.filter((option) => option.includes("="))
  .map((option) => option.split(/=(.*)/s, 2));
const environment = { SAFELIGHT_LOG_LEVEL: "warn", ...Object.fromEntries(variables) };
const config = readConfig(environment, { data, port: "0" });
const served = serveCommand(config, {
  ready: (url) => console.log(url),
  stopping: stopping.signal,
  worker: !options.includes("--no-worker"),
});
for await (const _ of Deno.stdin.readable);
stopping.abort();
Deno.exit(await served);
