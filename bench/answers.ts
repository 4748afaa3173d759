import { testDatabase } from "../db/testing.ts";
import { simulateFaces } from "../e2e/simulated_faces.ts";
import { groupSimulated, storeSimulated } from "../e2e/simulated_library.ts";
import { simulateUser } from "../e2e/simulated_user.ts";
import { median, print, quantile } from "./support.ts";

/**
 * How many answers it takes until a library of faces carries the right names, and whether the
 * program ever gives a face to the wrong person. A user who knows everybody (e2e/simulated_user.ts)
 * names, splits, and answers what is asked over a made library (e2e/simulated_faces.ts), by the
 * actions behind the pages, in a real database, with the grouping and the matching of a worker.
 * `answers` are what it took beyond naming everybody once. --faces, --people and --seed choose
 * another library, --story tells every answer.
 */
const option = (name: string, usual: number) => {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? usual : Number(Deno.args[at + 1]);
};
const people = option("people", 370);
const library = simulateFaces({ count: option("faces", 10_000), people, seed: option("seed", 1) });
const database = await testDatabase();
const story = Deno.args.includes("--story");

let last = performance.now(), gap = 0;
const watch = setInterval(() => {
  gap = Math.max(gap, performance.now() - last - 1);
  last = performance.now();
}, 1);
await storeSimulated(database.db, library);
await groupSimulated(database.db, library);
[last, gap] = [performance.now(), 0];
const outcome = await simulateUser(database.db, library, {
  shares: [0.9, 0.95, 0.99],
  said: (line) => story && console.log(line),
});
clearInterval(watch);
await database.drop();

print(
  `answers: ${library.truth.length} faces, ${people} people`,
  outcome.milestones.map(({ share, namings, answers }) => ({
    "share of faces": `${Math.round(share * 100)} %`,
    names: namings,
    answers,
    "answers a person": answers / people,
  })),
);
print("answers: all of it", [{
  share: outcome.share,
  names: outcome.namings,
  answers: outcome.answers,
  "wrong automatic": outcome.wrong,
  automatic: outcome.automatic,
  suggestions: outcome.questions.asked,
  "of them right": outcome.questions.right,
}]);
print("answers: milliseconds", [
  { what: "an action", p50: median(outcome.deeds), p99: quantile(outcome.deeds, 0.99) },
  { what: "a look of a worker", p50: median(outcome.looks), p99: quantile(outcome.looks, 0.99) },
  { what: "longest hold of the thread", p50: gap, p99: gap },
]);
