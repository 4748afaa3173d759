/** Runs every bench, or those named, one after the other; see README.md. */
const ALL = [
  "start_latency",
  "requests_during_run",
  "discovery",
  "staleness",
  "progress_query",
  "queue",
  "clock",
  "pipeline",
];

let worst = 0;
for (const name of Deno.args.length > 0 ? Deno.args : ALL) {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL(`./${name}.ts`, import.meta.url).pathname],
    stdin: "null",
  }).spawn().status;
  if (code !== 0) console.error(`${name} ended with ${code}`);
  worst = Math.max(worst, code);
}
Deno.exit(worst);
