import assert from "node:assert/strict";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import type { Db } from "../../db/client.ts";
import * as schema from "../../db/schema.ts";
import { changes, people, suggestions } from "../../db/schema.ts";
import * as Actions from "./actions.ts";
import { BY, some, withLibrary } from "./actions_testing.ts";

Deno.test("two tabs at once: one says it, the other finds it so or is told", async () => {
  await withLibrary([
    ...some(3, 0, { person: 0 }),
    ...some(4, 1, { cluster: 0 }),
    ...some(4, 2, { cluster: 1 }),
    ...some(6, 9),
  ], async ({ db, faces: ids, clusters: groups, people: persons }) => {
    const personId = persons.get(0)!;
    const loose = ids.slice(11);
    await db.insert(suggestions).values(
      loose.map((faceId) => ({ faceId, personId, similarity: 0.6 })),
    );
    const yes = { faceIds: [loose[0]], answer: "yes" as const, personId };
    const answers = await Promise.all([1, 2, 3].map(() => Actions.answerSuggestions(db, yes, BY)));
    assert.equal(answers.filter(({ changeId }) => changeId !== null).length, 1);

    const both = await Promise.allSettled(
      (["yes", "no"] as const).map((answer) =>
        Actions.answerSuggestions(db, { faceIds: [loose[1]], answer, personId }, BY)
      ),
    );
    const ends = both.map(({ status }) => status).sort();
    assert.deepEqual(ends, ["fulfilled", "rejected"]);

    const wish = { clusterId: groups.get(0)!, to: { name: "Anna" } };
    const named = await Promise.all([1, 2].map(() => Actions.nameCluster(db, wish, BY)));
    assert.equal(named.filter(({ changeId }) => changeId !== null).length, 1);
    assert.equal(await db.$count(people, eq(people.name, "Anna")), 1);

    const names = await Promise.allSettled(
      ["Ben", "Eve"].map((name) =>
        Actions.nameCluster(db, { clusterId: groups.get(1)!, to: { name } }, BY)
      ),
    );
    assert.deepEqual(names.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const undone = await Promise.all(
      [1, 2].map(() =>
        Actions.undoChange(db, { changeId: named.find(({ changeId }) => changeId)!.changeId! }, BY)
      ),
    );
    assert.equal(undone.filter(({ changeId }) => changeId !== null).length, 1);
    const left = await db.select().from(changes);
    assert.equal(left.length, 4);
  });
});

Deno.test("an action costs as many statements for many faces as for few", async () => {
  await withLibrary([
    ...some(5, 0, { cluster: 0 }),
    ...some(500, 1, { cluster: 1 }),
    ...some(5, 2, { person: 0 }),
    ...some(300, 3, { person: 1 }),
  ], async ({ database, faces: ids, clusters: groups, people: persons }) => {
    let count = 0;
    const logger = { logQuery: () => void count++ };
    const db: Db = drizzle(database.sql, { schema, casing: "snake_case", logger });
    const costs = async (action: () => Promise<unknown>) => {
      count = 0;
      await action();
      return count;
    };
    const name = (place: number) =>
      costs(() =>
        Actions.nameCluster(db, { clusterId: groups.get(place)!, to: { name: `N${place}` } }, BY)
      );
    const undo = () => costs(() => Actions.undoChange(db, {}, BY));
    const few = [await name(0), await undo()];
    const many = [await name(1), await undo()];
    const release = (faceIds: number[]) => costs(() => Actions.releaseFaces(db, { faceIds }, BY));
    few.push(await release(ids.slice(505, 507)));
    many.push(await release(ids.slice(520, 720)));
    few.push(await costs(() => Actions.deletePerson(db, { personId: persons.get(0)! }, BY)));
    many.push(await costs(() => Actions.deletePerson(db, { personId: persons.get(1)! }, BY)));
    for (const [index, statements] of many.entries()) {
      assert(Math.abs(statements - few[index]) <= 4, `${few} for few faces, ${many} for many`);
      assert(statements < 60, `${many} statements`);
    }
  });
});
