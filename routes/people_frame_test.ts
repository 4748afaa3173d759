import assert from "node:assert/strict";
import { insertCluster, insertPerson, showModel } from "../db/people_testing.ts";
import { send } from "./forms_testing.ts";
import { testApp } from "./testing.ts";

Deno.test("a question about a row of another page shows faces of it", async () => {
  const test = await testApp();
  const { db } = test;
  await showModel(db);
  await insertPerson(db, { name: "Anna", count: 1, like: 1 });
  for (let n = 0; n < 20; n++) await insertCluster(db, { count: 2, like: 2 });
  const last = await insertCluster(db, { count: 1, like: 3 });
  const unnamed = await insertPerson(db, { count: 1, like: 4 });
  const question = async (path: string, back: string) => {
    const { html } = await send(test, path, { back, name: "Anna" });
    return html.match(/<section class="question"[^]*<\/section>/)![0];
  };
  const ofGroup = await question(`/clusters/${last.id}/name`, "/people");
  assert.match(ofGroup, new RegExp(`/faces/${last.faceIds[0]}/crop`));
  const ofPerson = await question(`/people/${unnamed.id}/name`, "/people/named");
  assert.match(ofPerson, new RegExp(`/faces/${unnamed.faceIds[0]}/crop`));
  await test.close();
});
