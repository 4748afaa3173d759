import * as changingFiles from "./changing_files.ts";
import * as cutConnections from "./cut_connections.ts";
import * as databaseAway from "./database_away.ts";
import * as fullDisk from "./full_disk.ts";
import * as killDatabase from "./kill_database.ts";
import * as killEverything from "./kill_everything.ts";
import * as killIndex from "./kill_index.ts";
import * as killWeb from "./kill_web.ts";
import * as killWorker from "./kill_worker.ts";
import * as manyWorkers from "./many_workers.ts";
import * as stopWorker from "./stop_worker.ts";
import * as threeClients from "./three_clients.ts";
import type { Scenario } from "./world.ts";

/** All ways of disturbing a run; those that wait longest first, since some are played at once. */
export const SCENARIOS: Scenario[] = [
  databaseAway,
  stopWorker,
  killWorker,
  cutConnections,
  manyWorkers,
  killEverything,
  threeClients,
  changingFiles,
  fullDisk,
  killDatabase,
  killWeb,
  killIndex,
];
