import assert from "node:assert/strict";
import { testDatabase } from "../../db/testing.ts";
import { claimJobs } from "./claim.ts";
import { createHeldClaims } from "./held_claims.ts";
import { addWorker, finish, jobsOf, session } from "./testing.ts";

Deno.test("what was claimed without anybody's hearing of it is given back, and nothing else", async (t) => {
  const database = await testDatabase();
  const { db } = database;
  const [workerId, other] = [await addWorker(database), await addWorker(database, 4712)];
  const held = createHeldClaims();
  const id = await session(database, 12);
  const options = { sessionId: id, phase: "training" as const, limit: 3 };
  const states = async () => (await jobsOf(database, id)).map(({ state }) => state[0]).join("");
  const lost = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

  await t.step("a claim that is answered is in hand until it ends", async () => {
    const claim = await held.take((claimId) => claimJobs(db, { ...options, workerId, claimId }));
    assert.equal(await held.releaseStrays(db, workerId), 0);
    assert.equal(await states(), "rrrqqqqqqqqq");
    await finish(database, claim!, "done");
    held.end(claim!);
    assert.equal(await held.releaseStrays(db, workerId), 0);
    assert.equal(await states(), "dddqqqqqqqqq");
  });

  await t.step("one whose answer was lost is not", async () => {
    const asked = held.take(async (claimId) => {
      // Carried out, and then the connection was cut.
      await claimJobs(db, { ...options, workerId, claimId });
      // Nobody can know yet that there will be no answer.
      assert.equal(await held.releaseStrays(db, workerId), 0);
      throw lost;
    });
    await assert.rejects(asked, lost);
    await claimJobs(db, { ...options, workerId: other });
    assert.equal(await states(), "dddrrrrrrqqq");
    assert.equal(await held.releaseStrays(db, workerId), 3);
    assert.equal(await states(), "dddqqqrrrqqq", "another's are none of its business");
    const [, , , stray] = await jobsOf(database, id);
    assert.deepEqual([stray.attempt, stray.deaths], [0, 0], "it was nobody's fault");
  });

  await t.step("nor one that the database carries out when it is long given up", async () => {
    let claimed: Promise<unknown> | undefined;
    await assert.rejects(
      held.take((claimId) => {
        claimed = new Promise((resolve) => setTimeout(resolve, 50))
          .then(() => claimJobs(db, { ...options, workerId, claimId }));
        return Promise.reject(lost);
      }),
    );
    assert.equal(await held.releaseStrays(db, workerId), 0);
    await claimed;
    assert.equal(await held.releaseStrays(db, workerId), 3);
    assert.equal(await states(), "dddqqqrrrqqq");
  });

  await database.drop();
});
