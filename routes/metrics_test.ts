import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { workers } from "../db/schema.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { testApp } from "./testing.ts";

interface Family {
  type: string;
  samples: Map<string, number>;
}

/**
 * Reads the text format 0.0.4 strictly: HELP and TYPE before the samples of a metric, each metric
 * in one place, names and labels well formed, no sample twice, counters called _total, histograms
 * cumulative and ending with +Inf, which is their count.
 */
function parse(text: string): Map<string, Family> {
  assert.ok(text.endsWith("\n"), "the last line is not ended");
  const families = new Map<string, Family>();
  let helped = "", current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = line.match(/^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/);
    if (comment) {
      const [, kind, name, rest] = comment;
      if (kind === "HELP") {
        assert.doesNotMatch(rest, /\\(?![\\n])/);
        helped = name;
      } else {
        assert.equal(helped, name, `${name} has no HELP before its TYPE`);
        assert.ok(!families.has(name), `${name} comes twice`);
        assert.match(rest, /^(counter|gauge|histogram|summary)$/);
        assert.equal(rest === "counter", name.endsWith("_total"), name);
        families.set(name, { type: rest, samples: new Map() });
        current = name;
      }
      continue;
    }
    const sample = line.match(
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\+Inf|-Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/,
    );
    assert.ok(sample, `not a sample: ${line}`);
    const [, name, set = "", value] = sample;
    assert.match(
      set,
      /^(\{[a-zA-Z_]\w*="([^"\\\n]|\\[\\n"])*"(,[a-zA-Z_]\w*="([^"\\\n]|\\[\\n"])*")*\})?$/,
    );
    const family = families.get(current);
    assert.ok(family, `${line} has no TYPE`);
    const suffixes = { histogram: ["_bucket", "_sum", "_count"], summary: ["_sum", "_count"] };
    const allowed = suffixes[family.type as keyof typeof suffixes] ?? [""];
    assert.ok(allowed.some((suffix) => name === current + suffix), `${name} within ${current}`);
    const key = name + set;
    assert.ok(!family.samples.has(key), `${key} comes twice`);
    family.samples.set(key, value === "+Inf" ? Infinity : Number(value));
  }
  for (const [name, family] of families) if (family.type === "histogram") cumulative(name, family);
  return families;
}

function cumulative(name: string, { samples }: Family): void {
  const series = Map.groupBy(
    [...samples].filter(([key]) => key.startsWith(`${name}_bucket`)),
    ([key]) => key.slice(`${name}_bucket`.length).replace(/,le="[^"]*"/, ""),
  );
  for (const [labels, buckets] of series) {
    const bounds = buckets.map(([key]) =>
      Number(key.match(/le="([^"]*)"/)![1].replace("+Inf", "Infinity"))
    );
    assert.deepEqual(bounds, [...bounds].sort((a, b) => a - b));
    assert.equal(bounds.at(-1), Infinity);
    const counts = buckets.map(([, value]) => value);
    assert.deepEqual(counts, [...counts].sort((a, b) => a - b), `${labels} is not cumulative`);
    assert.equal(counts.at(-1), samples.get(`${name}_count${labels}`));
    assert.ok(samples.has(`${name}_sum${labels}`));
  }
}

Deno.test("metrics for Prometheus", async (t) => {
  const test = await testApp();
  const { db } = test;
  const read = async () => {
    const response = await test.app.request("/metrics");
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    return { text, families: parse(text) };
  };
  const value = (families: Map<string, Family>, sample: string) => {
    const name = sample.replace(/\{.*/, "");
    const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ""));
    return family?.samples.get(sample);
  };

  await t.step("an empty installation: zeros, not absent series", async () => {
    const { families } = await read();
    assert.equal(value(families, 'safelight_sessions{status="running"}'), 0);
    assert.equal(value(families, 'safelight_queue_depth{phase="training"}'), 0);
    assert.equal(value(families, 'safelight_workers{state="working"}'), 0);
    assert.equal(value(families, 'safelight_phase_seconds_count{phase="training"}'), 0);
    assert.equal(families.get("safelight_worker_items_total")!.samples.size, 0);
    assert.equal(value(families, "safelight_workers_lost_total"), 0);
    assert.equal(value(families, "safelight_workers_replaced_total"), 0);
  });

  const running = await createSession(db, { name: "Anna", rootPath: "/p", subdirectories: [""] });
  const over = await createSession(db, { name: "Ben", rootPath: "/q", subdirectories: [""] });
  const gone = await createSession(db, { name: "Eve", rootPath: "/r", subdirectories: [""] });
  await db.execute(sql`update sessions set status = 'running' where id = ${running}`);
  await db.execute(sql`update sessions set status = 'completed' where id = ${over}`);
  await db.execute(sql`update sessions set deleted_at = now() where id = ${gone}`);
  for (const id of [running, gone]) {
    await db.execute(sql`update phases set status = 'running', total = 100, done = 20, skipped = 5,
      failed = 3, cancelled = 2, rate = 3, rate_mass = 0.5, running_since = now(),
      last_commit_at = now() where session_id = ${id} and name = 'training'`);
  }
  // Folders that could not be read are no items; a completed session's rest is nobody's queue.
  await db.execute(sql`update phases set status = 'completed', failed = 9, active_seconds = 4
    where session_id = ${running} and name = 'discovery'`);
  await db.execute(sql`update phases set status = 'completed', total = 10, done = 6, failed = 4,
    active_seconds = 12.5 where session_id = ${over} and name in ('training', 'face_detection')`);

  await t.step("sessions, queue, failures, rates and phase durations", async () => {
    const { families, text } = await read();
    const is = (sample: string, expected: number) =>
      assert.equal(value(families, sample), expected, sample);
    is('safelight_sessions{status="running"}', 1);
    is('safelight_sessions{status="completed"}', 1);
    is('safelight_sessions{status="pending"}', 0);
    is('safelight_queue_depth{phase="training"}', 70);
    is('safelight_queue_depth{phase="face_detection"}', 0);
    is('safelight_failed_items{phase="training"}', 7);
    is('safelight_failed_items{phase="discovery"}', 0);
    is('safelight_phase_seconds_sum{phase="training"}', 12.5);
    is('safelight_phase_seconds_count{phase="discovery"}', 1);
    const rate = value(families, 'safelight_items_per_second{phase="training"}');
    // A second session is being deleted; its rows count in nothing.
    assert.equal(rate, 6);
    assert.doesNotMatch(text, /Anna|Ben|Eve|\/p|\/q/);
  });

  const host = 'dark\\room "one"\nup';
  const worker = { device: "cpu", clipModel: "clip", faceModel: "faces", host };
  const [id, silent] = [crypto.randomUUID(), crypto.randomUUID()];
  await db.insert(workers).values({
    ...worker,
    id,
    pid: 1,
    memoryMb: 3,
    inHand: 2,
    patienceSeconds: 60,
    counters: {
      items: { "training done": 40, "training failed": 2, "face_detection done": 7 },
      batches: {
        training: { count: 6, seconds: 9.25, within: [0, 1, 1, 4, 5, 5, 5, 5, 5] },
        face_detection: { count: 1, seconds: 0.05, within: [1, 1] },
      },
      rescued: 11,
    },
  });
  await db.insert(workers).values({ ...worker, id: silent, pid: 2 });
  await db.execute(sql`update workers set beat_at = now() - interval '90 s' where id = ${silent}`);

  await t.step("workers: states, beats, counters, batches", async () => {
    const { families } = await read();
    const escaped = 'host="dark\\\\room \\"one\\"\\nup"';
    const own = `worker="${id}",${escaped}`;
    const is = (sample: string, expected: number) =>
      assert.equal(value(families, sample), expected, sample);
    is('safelight_workers{state="working"}', 1);
    is('safelight_workers{state="silent"}', 1);
    is('safelight_workers{state="idle"}', 0);
    is(`safelight_worker_memory_bytes{${own}}`, 3 * 1024 * 1024);
    is(`safelight_worker_items_total{${own},phase="training",outcome="failed"}`, 2);
    is(`safelight_worker_rescued_items_total{${own}}`, 11);
    is(`safelight_batch_seconds_bucket{${own},phase="training",le="1"}`, 4);
    is(`safelight_batch_seconds_bucket{${own},phase="training",le="60"}`, 5);
    is(`safelight_batch_seconds_bucket{${own},phase="training",le="+Inf"}`, 6);
    is(`safelight_batch_seconds_sum{${own},phase="training"}`, 9.25);
    is(`safelight_batch_seconds_count{${own},phase="training"}`, 6);
    is(`safelight_worker_rescued_items_total{worker="${silent}",${escaped}}`, 0);
    const age = `safelight_worker_heartbeat_age_seconds{worker="${silent}",${escaped}}`;
    const seconds = value(families, age)!;
    assert.ok(seconds >= 90 && seconds < 150, `${seconds}`);
  });

  await t.step("workers that died or hung, whether or not a row of theirs is left", async () => {
    await db.execute(sql`
      insert into events (session_id, kind, message) values (null, 'worker_died', 'h, process 1'),
        (null, 'worker_died', 'h, process 2, whose lease ran out'),
        (null, 'worker_stalled', null), (null, 'worker_started', null),
        (null, 'worker_stopped', null), (${over}, 'recovered', null)`);
    const { families } = await read();
    assert.equal(value(families, "safelight_workers_lost_total"), 2);
    assert.equal(value(families, "safelight_lease_expiries_total"), 1);
    assert.equal(value(families, "safelight_workers_replaced_total"), 1);
    // What belongs to sessions is not read.
    await db.execute(sql`
      insert into events (session_id, kind) select ${over}, 'paused' from generate_series(1, 20000)`);
    await db.execute(sql`analyze events`);
    const plan = await db.execute<{ "QUERY PLAN": string }>(
      sql`explain select count(*) from events where session_id is null`,
    );
    assert.match(plan.map((row) => row["QUERY PLAN"]).join("\n"), /events_session/);
  });

  await t.step("as many statements for many sessions as for few", async () => {
    const few = await test.counting(read);
    for (let n = 0; n < 20; n++) {
      await createSession(db, { name: `n${n}`, rootPath: "/p", subdirectories: [""] });
    }
    assert.equal(await test.counting(read), few);
  });

  await t.step("under a host name that is not ours it is refused, as every route", async () => {
    const foreign = await test.app.request("/metrics", { headers: { host: "evil.example" } });
    assert.equal(foreign.status, 403);
  });

  await t.step("503 while the database is locked away, and again figures afterwards", async () => {
    const locked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holding = db.transaction(async (tx) => {
      await tx.execute(sql`lock table workers`);
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    const response = await test.app.request("/metrics");
    assert.equal(response.status, 503);
    release.resolve();
    await holding;
    await read();
  });

  await test.close();
});
