import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { testDatabase, testDirectory } from "../db/testing.ts";
import type { SessionResult } from "../jobs/session_result.ts";
import { startProgram } from "./program.ts";

Deno.test("real face models, given as a bare folder, gather real people", async () => {
  const data = Deno.env.get("SAFELIGHT_TEST_DATA");
  if (!data) {
    console.warn("SAFELIGHT_TEST_DATA is not set: real face models were not tried");
    return;
  }
  const database = await testDatabase();
  const dir = await testDirectory();
  const photos = join(data, "photos", "people");
  const program = startProgram(["index", "--json", photos], {
    SAFELIGHT_DATA: join(dir, "data"),
    SAFELIGHT_MODELS: join(data, "models"),
    DATABASE_URL: database.url,
  });
  assert.equal((await program.ended).code, 0, program.errors());
  const result: SessionResult = JSON.parse(program.lines.at(-1)!);
  assert.equal(result.ledger.face_detection.done, 35);

  // The largest face of each picture, and the cluster it is in.
  const rows = await database.sql`
    select distinct on (p.id) p.first_path as path, f.cluster_id as cluster, f.model
    from faces f join photos p on p.id = f.photo_id
    order by p.id, f.box[3] * f.box[4] desc`;
  const clusterOf = new Map(rows.map((row) => [basename(row.path), row.cluster]));
  assert.match(rows[0].model, /^mobilefacenet@/);
  const { identities } = JSON.parse(
    await Deno.readTextFile(join(data, "reference", "people.json")),
  ) as { identities: Record<string, string[]> };
  const taken = new Map<string, string>();
  for (const [person, files] of Object.entries(identities)) {
    const clusters = new Set(files.map((file) => clusterOf.get(file)).filter(Boolean));
    if (files.length >= 3) {
      assert.equal(clusters.size, 1, `${person} is in ${clusters.size} clusters`);
      assert.ok(
        files.every((file) => clusterOf.get(file) !== null),
        `a picture of ${person} is lost`,
      );
    }
    for (const cluster of clusters) {
      assert.ok(!taken.has(cluster), `${person} and ${taken.get(cluster)} share a cluster`);
      taken.set(cluster, person);
    }
  }
  await database.drop();
  await Deno.remove(dir, { recursive: true });
});
