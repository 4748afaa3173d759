import assert from "node:assert/strict";
import { join } from "node:path";
import { readConfig } from "../config.ts";
import { testDatabase, testDirectory } from "../db/testing.ts";
import { FRESH, superviseWorker, workerPermissions } from "./supervisor.ts";

const config = readConfig({ SAFELIGHT_DATA: "/nowhere" });

const script = (text: string) =>
  new Deno.Command("sh", { args: ["-c", text], stdin: "piped", stdout: "null", stderr: "null" });

Deno.test("a worker that dies is buried and started again, with growing pauses", async () => {
  const database = await testDatabase();
  const dir = await testDirectory();
  const starts: number[] = [];
  const supervisor = superviseWorker(config, database, {
    command(id) {
      starts.push(performance.now() / 1000);
      const entry = `insert into workers (id, host, pid, device, clip_model, face_model)
        values ('${id}', 'h', 1, 'cpu', 'c', 'f')`;
      const entered = join(dir, id);
      database.sql.unsafe(entry).then(() => Deno.writeTextFile(entered, ""));
      return script(`until [ -e ${entered} ]; do sleep 0.05; done; exit 3`);
    },
  });
  while (starts.length < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  await supervisor.stop();
  assert.ok(starts[1] - starts[0] >= 0.95 && starts[2] - starts[1] >= 1.95, starts.join(" "));
  const [{ left }] = await database.sql`select count(*)::int as left from workers`;
  assert.equal(left, 0);
  const [{ died }] = await database
    .sql`select count(*)::int as died from events where kind = 'worker_died'`;
  assert.ok(died >= 2);
  await Deno.remove(dir, { recursive: true });
  await database.drop();
});

Deno.test("a worker that asks for it is started again at once", async () => {
  const database = await testDatabase();
  let starts = 0;
  const supervisor = superviseWorker(config, database, {
    // With pauses between, ten starts would take four minutes.
    command: () => script(++starts < 10 ? `exit ${FRESH}` : "read line"),
  });
  const began = performance.now();
  while (starts < 10) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(performance.now() - began < 60_000);
  await supervisor.stop();
  await database.drop();
});

Deno.test("stop asks the worker to finish and waits for it", async () => {
  const database = await testDatabase();
  const dir = await testDirectory();
  const [ready, ended] = [join(dir, "ready"), join(dir, "ended")];
  const supervisor = superviseWorker(config, database, {
    command: () =>
      script(
        `trap 'sleep 0.3; touch ${ended}; exit 0' TERM; touch ${ready}; while :; do sleep 0.05; done`,
      ),
  });
  while (!await Deno.stat(ready).catch(() => null)) await new Promise((r) => setTimeout(r, 20));
  await supervisor.stop();
  assert.ok(await Deno.stat(ended));
  await Deno.remove(dir, { recursive: true });
  await database.drop();
});

Deno.test("what a worker held that stopped too slowly is not blamed for its end", async () => {
  const database = await testDatabase();
  const worker = Promise.withResolvers<string>();
  const supervisor = superviseWorker(config, database, {
    command(id) {
      worker.resolve(id);
      // Deaf to the request, so it is killed after 20 s.
      return script("trap '' TERM; while :; do sleep 0.05; done");
    },
  });
  const id = await worker.promise;
  const [{ session }] = await database.sql`
    with w as (insert into workers (id, host, pid, device, clip_model, face_model)
      values (${id}, 'h', 1, 'cpu', 'c', 'f')),
    s as (insert into sessions (name, root_path, subdirectories) values ('t', '/p', '[""]')
      returning id)
    insert into jobs (session_id, phase, subject, state, worker_id, claim_id, attempt)
    select id, 'discovery', 1, 'running', ${id}, gen_random_uuid(), 1 from s
    returning session_id as session`;
  await supervisor.stop();
  const [job] = await database.sql`
    select state, attempt, deaths from jobs where session_id = ${session}`;
  assert.deepEqual({ ...job }, { state: "queued", attempt: 0, deaths: 0 });
  const kinds = await database.sql`select kind from events`;
  assert.deepEqual(kinds.map((event) => event.kind), ["worker_stopped"]);
  await database.drop();
});

Deno.test("a worker may write to its data directory and nowhere else", async () => {
  const dir = await testDirectory();
  const [data, photo] = [join(dir, "data"), join(dir, "photo.jpg")];
  await Deno.mkdir(data);
  await Deno.writeTextFile(photo, "a memory");
  const program = join(dir, "try.ts");
  await Deno.writeTextFile(
    program,
    `
    Deno.writeTextFileSync(${JSON.stringify(join(data, "preview"))}, "x");
    for (const act of [
      () => Deno.writeTextFileSync(${JSON.stringify(photo)}, "x"),
      () => Deno.openSync(${JSON.stringify(photo)}, { read: true, append: true }),
      () => Deno.removeSync(${JSON.stringify(photo)}),
      () => Deno.renameSync(${JSON.stringify(photo)}, ${JSON.stringify(join(data, "stolen"))}),
      () => Deno.utimeSync(${JSON.stringify(photo)}, 0, 0),
      () => Deno.chmodSync(${JSON.stringify(photo)}, 0o600),
    ]) {
      try { act(); console.log("allowed"); } catch (error) { console.log(error.name); }
    }`,
  );
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", ...workerPermissions(data), program],
  }).output();
  const lines = new TextDecoder().decode(output.stdout).trim().split("\n");
  assert.deepEqual(lines, Array(6).fill("NotCapable"));
  assert.equal(await Deno.readTextFile(photo), "a memory");
  await Deno.remove(dir, { recursive: true });
});
