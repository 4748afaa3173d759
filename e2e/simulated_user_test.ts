import assert from "node:assert/strict";
import { testDatabase } from "../db/testing.ts";
import { simulateFaces } from "./simulated_faces.ts";
import { groupSimulated, storeSimulated } from "./simulated_library.ts";
import { simulateUser } from "./simulated_user.ts";

// The large version is bench/answers.ts.
Deno.test("a truthful user names a small library with few answers and no wrong face", async () => {
  const library = simulateFaces({ count: 1000, people: 40, seed: 3 });
  const database = await testDatabase();
  await storeSimulated(database.db, library);
  await groupSimulated(database.db, library);
  const lines: string[] = [];
  const outcome = await simulateUser(database.db, library, {
    shares: [0.95, 0.99],
    said: (line) => lines.push(line),
  });
  await database.drop();
  const story = lines.join("\n");
  assert.equal(outcome.wrong, 0, story);
  assert.deepEqual(outcome.milestones.map(({ share }) => share), [0.95, 0.99], story);
  for (const { namings, answers } of outcome.milestones) {
    assert(namings <= 40, "everybody is named once");
    assert(answers < 0.15 * 40, `${answers} answers beyond the names\n${story}`);
  }
  assert(outcome.automatic > 0, "the program found faces by itself");
  assert(outcome.share >= 0.995, story);
});

Deno.test("the made library is as hard as it says, and the same for the same seed", () => {
  const library = simulateFaces({ count: 1000, people: 40, seed: 3 });
  assert.deepEqual(simulateFaces({ count: 1000, people: 40, seed: 3 }), library);
  const { vectors, truth, photos, dimension } = library;
  const cosine = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < dimension; i++) {
      sum += vectors[a * dimension + i] * vectors[b * dimension + i];
    }
    return sum;
  };
  const within: number[] = [], between: number[] = [];
  for (let a = 0; a < 1000; a += 3) {
    for (let b = 0; b < a; b++) {
      (truth[a] >= 0 && truth[a] === truth[b] ? within : between).push(cosine(a, b));
    }
  }
  const mean = (all: number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;
  const most = (all: number[]) => all.reduce((x, y) => Math.max(x, y), -1);
  assert(Math.abs(mean(within) - 0.6) < 0.05, `${mean(within)}`);
  assert(Math.abs(mean(between) - 0.05) < 0.03, `${mean(between)}`);
  assert(most(between) > 0.5, "some are mistaken for others by a single pair");
  assert(most(within) > 0.9, "there are near copies");
  for (const [photo, faces] of Map.groupBy(photos.keys(), (face) => photos[face])) {
    const people = faces.map((face) => truth[face]).filter((person) => person >= 0);
    assert.equal(new Set(people).size, people.length, `photo ${photo} shows somebody twice`);
  }
});
