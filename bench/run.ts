/**
 * Runs every bench, or those named, one after the other; options behind the names (`--photos 40`) go
 * to each of them. See README.md.
 */
const ALL = [
  "start_latency",
  "requests_during_run",
  "discovery",
  "staleness",
  "progress_query",
  "queue",
  "clock",
  "pipeline",
  "first_numbers",
  "memory",
  "decode",
  "training",
  "faces",
  "clustering",
  "answers",
  "search",
  "vectors",
];

let worst = 0;
const first = Deno.args.findIndex((argument) => argument.startsWith("--"));
const named = first < 0 ? Deno.args : Deno.args.slice(0, first);
const options = first < 0 ? [] : Deno.args.slice(first);
for (const name of named.length > 0 ? named : ALL) {
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL(`./${name}.ts`, import.meta.url).pathname, ...options],
    stdin: "null",
  }).spawn().status;
  if (code !== 0) console.error(`${name} ended with ${code}`);
  worst = Math.max(worst, code);
}
Deno.exit(worst);
