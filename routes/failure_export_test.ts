import assert from "node:assert/strict";
import { sql } from "drizzle-orm";
import { checkLedgers } from "../jobs/check_ledgers.ts";
import { carryOutRequests } from "../jobs/requests.ts";
import { csvCell } from "./export_formats.ts";
import { endSession, failedSession, ODD } from "./failure_fixtures.ts";
import { FailureLines } from "./failure_schemas.ts";
import { testApp } from "./testing.ts";

const MANY = 60_000;

Deno.test("what failed, as a file", async (t) => {
  const test = await testApp();
  const { db } = test;
  const at = (id: number) => `/sessions/${id}/failures`;
  const head = async (id: number) =>
    await test.app.request(`/api/v1${at(id)}?format=csv`, { method: "HEAD" });

  await t.step("exports: exact as JSON, harmless in a spreadsheet as CSV", async () => {
    const { id, jobs } = await failedSession(db);
    const lines = FailureLines.parse((await test.get(`${at(id)}?format=json`)).body);
    assert.deepEqual(
      lines.map((line) => line.path),
      ["/p/private", ...ODD.map((path) => `${path}.${id}`)],
    );
    assert.equal(lines[1].message, `=1+1, told of ${ODD[0]}.${id}`);
    assert.deepEqual([lines[1].jobId, lines[1].session, lines[1].worker, lines[1].attempts], [
      jobs[0],
      id,
      "host, process 7",
      1,
    ]);
    const reply = await test.app.request(`/api/v1${at(id)}?format=csv&phase=training`);
    assert.match(reply.headers.get("content-type")!, /^text\/csv; charset=utf-8/);
    assert.equal(
      reply.headers.get("content-disposition"),
      `attachment; filename="safelight-session-${id}-failures-training.csv"`,
    );
    const bytes = new Uint8Array(await reply.arrayBuffer());
    assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
    const rows = readCsv(new TextDecoder().decode(bytes));
    assert.deepEqual(rows[0], [
      "phase",
      "path",
      "reason",
      "explanation",
      "message",
      "attempts",
      "lastAttemptAt",
      "worker",
      "session",
      "jobId",
    ]);
    assert.deepEqual(rows.slice(1).map((row) => row[1]), ODD.map((path) => `${path}.${id}`));
    assert.ok(rows.slice(1).every((row) => row[4].startsWith("'=1+1, told of /p/")));
    assert.ok(rows.every((row) => row.length === 10));
  });

  await t.step("sixty thousand: pages of constant cost, and all of them in an export", async () => {
    const { id } = await failedSession(db);
    const few = await test.counting(() => test.page(at(id)));
    const [fewListed, fewHead] = [
      await test.counting(() => test.get(at(id))),
      await test.counting(() => head(id)),
    ];
    await db.execute(sql`
      insert into files (path, size, mtime_ms)
      select '/many/' || n || ', "x".jpg', 1, 1 from generate_series(1, ${MANY}) n`);
    await db.execute(sql`
      insert into jobs (session_id, phase, subject, state, reason, message)
      select ${id}, 'training', id, 'failed', 'truncated', 'ends' from files
      where path like '/many/%'`);
    await endSession(db, id);
    assert.ok(await test.counting(() => test.page(at(id))) <= few);
    assert.ok(await test.counting(() => test.get(at(id))) <= fewListed);
    const headers = await head(id);
    assert.deepEqual([headers.status, await headers.text()], [200, ""]);
    const heads = await test.counting(() => head(id));
    assert.equal(heads, fewHead);

    const csv = await test.app.request(`/api/v1${at(id)}?format=csv`);
    const rows = readCsv(await csv.text());
    assert.equal(rows.length, 1 + 1 + ODD.length + MANY);
    const paths = new Set(rows.slice(1).map((row) => row[1]));
    assert.equal(paths.size, rows.length - 1);
    assert.ok(paths.has(`/many/${MANY}, "x".jpg`));
    const json = (await test.get(`${at(id)}?format=json&reason=truncated`)).body;
    assert.equal(json.length, MANY);

    // Who goes away in the middle costs no more than what was taken.
    const taken = await test.counting(async () => {
      const reply = await test.app.request(`/api/v1${at(id)}?format=csv`);
      const reader = reply.body!.getReader();
      await reader.read();
      await reader.read();
      await reader.cancel();
    });
    assert.ok(taken <= fewHead + 10, `${taken} statements`);

    await test.form(`/sessions/${id}/ignore`, [["back", "failures"], ["all", "yes"]]);
    while (await carryOutRequests(db));
    assert.deepEqual(await checkLedgers(db), []);
    const [{ ignored }] = await db.execute(sql`
      select count(*)::int as ignored from jobs where session_id = ${id} and reason = 'ignored'`);
    assert.equal(ignored, MANY + ODD.length);
  });

  await test.close();
});

/** The rows of an RFC 4180 file. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y;
  for (let match; (match = cell.exec(text));) {
    row.push(match[1].startsWith('"') ? match[1].slice(1, -1).replaceAll('""', '"') : match[1]);
    if (match[2] === ",") continue;
    rows.push(row);
    row = [];
    if (cell.lastIndex === text.length) return rows;
  }
  throw new Error(`Not RFC 4180 from character ${cell.lastIndex} on`);
}

Deno.test("cells that a spreadsheet would run, and cells that need quotes", () => {
  const cells = ["=1", "+1", "-1", "@a", "\ta", "\ra", "a=1", 'a"b', "a,b", "a\nb", "", -1, null];
  assert.deepEqual(cells.map(csvCell), [
    "'=1",
    "'+1",
    "'-1",
    "'@a",
    "'\ta",
    `"'\ra"`,
    "a=1",
    '"a""b"',
    '"a,b"',
    '"a\nb"',
    "",
    "-1",
    "",
  ]);
});
