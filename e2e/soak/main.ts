import { parseArgs } from "node:util";
import { PHASE_NAMES } from "../../db/schema.ts";
import { removeLibraries } from "./library.ts";
import { SCENARIOS } from "./scenarios.ts";
import { type Outcome, play } from "./world.ts";

/**
 * `deno task soak [--minutes N] [--scenario NAME] [--seed N] [--short]`: plays the scenarios with
 * fresh seeds in turn until the time is over, or one of them once with a given seed. One line each,
 * a table at the end; ends with 1 if any failed.
 */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string", default: "60" },
      scenario: { type: "string" },
      seed: { type: "string" },
      short: { type: "boolean", default: false },
    },
  });
  const minutes = number("minutes", values.minutes);
  const given = values.seed === undefined ? null : number("seed", values.seed);
  const chosen = SCENARIOS.filter(({ name }) => !values.scenario || name === values.scenario);
  if (chosen.length === 0) {
    throw new Error(
      `--scenario "${values.scenario}" is none of ${SCENARIOS.map(({ name }) => name).join(", ")}`,
    );
  }
  const deadline = performance.now() + minutes * 60_000;
  const outcomes: Outcome[] = [];
  do {
    // In another order every round, so that a short soak is not always the same few.
    for (const scenario of chosen.toSorted(() => Math.random() - 0.5)) {
      const seed = given ?? Math.floor(Math.random() * 2 ** 32);
      const outcome = await play(scenario, { seed, short: values.short });
      outcomes.push(outcome);
      console.log(line(outcome));
      if (given === null && performance.now() > deadline) break;
    }
  } while (given === null && performance.now() < deadline);
  await removeLibraries();
  console.log(`\n${table(outcomes)}`);
  return outcomes.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

/** An outcome in one line; what failed follows in lines of its own. */
export function line({ name, seed, seconds, did, failures, notRun, evidence }: Outcome): string {
  if (notRun) return `NOT RUN ${name}: ${notRun}`;
  const verdict = failures.length === 0 ? "ok" : "FAILED";
  return [
    `${verdict} ${name} --seed ${seed} (${seconds.toFixed(0)} s): ${did.join("; ")}`,
    ...failures.map((failure) => `  - ${failure}`),
    ...(evidence ? [`  output of the programs: ${evidence}`] : []),
  ].join("\n");
}

/** A line a scenario; moments are those at which runs were really disturbed, phase by phase. */
function table(outcomes: Outcome[]): string {
  const rows = SCENARIOS.map(({ name }) => {
    const played = outcomes.filter((outcome) => outcome.name === name);
    const failed = played.filter(({ failures }) => failures.length > 0);
    const notRun = played.filter((outcome) => outcome.notRun !== null);
    const met = PHASE_NAMES.map((phase) => played.reduce((sum, { met }) => sum + met[phase], 0));
    const seeds = failed.map(({ seed }) => seed).join(" ");
    return [name, played.length, failed.length, notRun.length, ...met, seeds].map(String);
  });
  const moments = PHASE_NAMES.map((phase) => `in ${phase}`);
  const head = ["scenario", "played", "failed", "not run", ...moments, "seeds that failed"];
  const widths = head.map((word, column) =>
    Math.max(word.length, ...rows.map((row) => row[column].length))
  );
  return [head, ...rows].map((cells) =>
    cells.map((cell, column) =>
      column > 0 && column < cells.length - 1
        ? cell.padStart(widths[column])
        : cell.padEnd(widths[column])
    ).join("  ").trimEnd()
  ).join("\n");
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    throw new Error(`--${name} "${text}" is not a number; give one that is not negative`);
  }
  return value;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
}
