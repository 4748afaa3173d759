import type { Config } from "../config.ts";
import { checkLedgers } from "../jobs/check_ledgers.ts";
import { openHouse } from "./house.ts";

/** `db check`: recomputes every ledger from its rows and names what differs; exit code 1 if anything does. */
export async function dbCommand(config: Config, [verb]: string[]): Promise<number> {
  if (verb !== "check") {
    console.error(`There is no command "db ${verb ?? ""}"; there is "db check"`);
    return 2;
  }
  const house = await openHouse(config, "db");
  try {
    const faults = await checkLedgers(house.database.db);
    for (const fault of faults) console.log(fault);
    console.log(faults.length === 0 ? "Every ledger balances" : `${faults.length} do not balance`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    await house.close();
  }
}
