import { join } from "node:path";
import { openEngine } from "../models/engine.ts";
import { makeSampleLibrary } from "../models/sample/library.ts";
import { seeded } from "../jobs/clustering/test_support.ts";
import {
  calm,
  median,
  over,
  print,
  quantile,
  type Served,
  sleep,
  timed,
  until,
  withServer,
  writeTinyFiles,
} from "./support.ts";

/**
 * Promise 2: what other requests take while each phase runs, against the same requests with
 * nothing running. Real web and worker processes; discovery walks 100,000 files, training and face
 * detection have the sample library, clustering 20,000 faces. `bare` is a server in a process of
 * its own that only says "ok", asked in the same turns: what it takes is the machine's doing.
 */
const FILES = 100_000;
const FACES = 20_000;
const IDLE_MS = 5000;
const PAUSE_MS = 5;

await withServer({ worker: true }, async (served, dir) => {
  const { database, post, create, url } = served;
  const sample = join(dir, "sample"), tiny = join(dir, "tiny");
  await makeSampleLibrary(sample);
  await writeTinyFiles(tiny, FILES);
  await makeFaces(served);
  const run = await create(sample);
  const walk = await create(tiny);
  const bare = await bareServer();

  const targets: [string, string][] = [
    ["bare", bare.url],
    ["/health", `${url}/health`],
    // The list of sessions, a session's page, and the fragment it polls.
    ["pages", `${url}/sessions/list`],
    ["pages", `${url}/sessions/${run}`],
    ["pages", `${url}/sessions/${run}/progress`],
  ];
  const samples = new Map<string, Map<string, number[]>>();
  let phase = "between";
  let asking = true;
  const asked = (async () => {
    while (asking) {
      for (const [name, address] of targets) {
        const before = phase;
        const ms = await timed(async () => {
          const response = await fetch(address);
          await response.text();
          if (!response.ok) throw new Error(`${address} answered ${response.status}`);
        });
        // A request that saw two phases belongs to neither.
        if (phase === before) note(samples, [phase, name], ms);
        await sleep(PAUSE_MS);
      }
    }
  })();

  // The first answers are slow: code is compiled, connections are opened.
  await sleep(1000);
  phase = "idle";
  await sleep(IDLE_MS);
  phase = "between";
  await post(`/api/v1/training/sessions/${walk}/start`);
  phase = "discovery";
  await until(
    database,
    (sql) =>
      sql`select 1 from phases where session_id = ${walk} and name = 'discovery'
      and status = 'completed'`,
  );
  phase = "between";
  await post(`/api/v1/training/sessions/${walk}/pause`);
  await calm(database);

  await post(`/api/v1/training/sessions/${run}/start`);
  const watching = setInterval(async () => {
    const [row] = await database.sql`
      select name from phases where session_id = ${run} and status = 'running'
        and name <> 'discovery'`;
    phase = row?.name ?? "between";
  }, 50);
  await over(database, run);
  clearInterval(watching);
  asking = false;
  await asked;
  await bare.stop();

  const idle = samples.get("idle")!;
  samples.delete("between");
  print(
    "requests_during_run: ms",
    [...samples].flatMap(([phase, by]) =>
      [...by].map(([request, times]) => ({
        phase,
        request,
        n: times.length,
        p50: median(times),
        p99: quantile(times, 0.99),
        "p99 / idle p99": quantile(times, 0.99) / quantile(idle.get(request)!, 0.99),
      }))
    ),
  );
});

function note(
  samples: Map<string, Map<string, number[]>>,
  [phase, name]: [string, string],
  ms: number,
) {
  const by = samples.get(phase) ?? new Map<string, number[]>();
  samples.set(phase, by);
  by.set(name, [...by.get(name) ?? [], ms]);
}

async function bareServer() {
  const code = `const s = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) =>
    console.log(port) }, () => new Response("ok")); for await (const _ of Deno.stdin.readable);
    await s.shutdown()`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const port = new TextDecoder().decode((await reader.read()).value).trim();
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      await child.stdin.close();
      await child.status;
    },
  };
}

// Faces as a large library has them: people of some tens of pictures each, around a centre.
async function makeFaces({ database: { sql } }: Served): Promise<void> {
  const engine = await openEngine({ modelsDir: null, roles: [] });
  const { key, dimension } = engine.models.faces;
  await engine.close();
  const random = seeded(1);
  const draw = () => Float32Array.from({ length: dimension }, () => random() + random() - 1);
  const [photo] = await sql<{ id: string }[]>`
    insert into photos (sha256, byte_size, width, height, format, dhash, flat, first_mtime_ms,
      first_path, preview_width, preview_height)
    values ('synthetic', 1, 1, 1, 'jpeg', '', true, 0, '', 1, 1) returning id`;
  let centre = draw();
  const vectors = Array.from({ length: FACES }, (_, index) => {
    if (index % 40 === 0) centre = draw();
    const vector = draw().map((value, i) => centre[i] + 0.3 * value);
    const length = Math.hypot(...vector);
    return new Uint8Array(vector.map((value) => value / length).buffer).toHex();
  });
  await sql`
    insert into faces (photo_id, model, box, landmarks, score, quality, embedding)
    select ${photo.id}, ${key}, '{0,0,1,1}', '{0,0,0,0,0,0,0,0,0,0}', 1, 1,
      decode(v, 'hex')
    from unnest(${vectors}::text[]) v`;
}
