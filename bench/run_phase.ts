import { familySeconds, parentOf, processSeconds, threadSeconds } from "./process.ts";
import { over, type Served, until } from "./support.ts";

/** The row of the whole worker process. */
export const WORKER = "worker";

/** What a phase took of the whole system. */
export interface PhaseFigures {
  photosPerSecond: number;
  /** A photo's, by who took them: worker, its threads by name, web process, database. */
  coreSeconds: Record<string, number>;
}

/**
 * Runs a session over `library`, whose `photos` nobody has seen, and measures `phase` of it, from its
 * start to its end. Throws if not every photo came through.
 */
export async function runPhase(
  served: Served,
  { library, phase, photos }: {
    library: string;
    phase: "training" | "face_detection";
    photos: number;
  },
): Promise<PhaseFigures> {
  const { database, post, create, pid: web } = served;
  const { sql } = database;
  const id = await create(library, { skipFaceDetection: phase === "training" });
  const [{ backend }] = await sql`select pg_backend_pid() as backend`;
  const postmaster = parentOf(backend);
  const look = async () => {
    const [{ pid }] = await sql`select pid from workers order by started_at desc limit 1`;
    return {
      threads: threadSeconds(pid),
      processes: {
        worker: processSeconds(pid),
        web: processSeconds(web),
        database: familySeconds(postmaster),
      },
    };
  };
  // What was written until now is nobody's cost later.
  await new Deno.Command("sync").output();
  await post(`/api/v1/training/sessions/${id}/start`);
  await until(
    database,
    (sql) =>
      sql`select 1 from phases where session_id = ${id} and name = ${phase} and status <> 'pending'`,
  );
  const before = await look();
  // Asked every 20 ms, the questions and their answers took 2 % of two cores.
  const { seconds, done } = await until(database, (sql) =>
    sql<{ seconds: number; done: number }[]>`
      select active_seconds as seconds, done from phases
      where session_id = ${id} and name = ${phase} and status = 'completed'`, {
    seconds: 1800,
    everyMs: 500,
  });
  const after = await look();
  await over(database, id);
  // A few cut-outs of one photograph may pass for duplicates.
  if (done < 0.95 * photos) throw new Error(`${phase} finished ${done} of ${photos} photos`);
  const { worker, ...others } = after.processes;
  const coreSeconds: Record<string, number> = {};
  const add = (name: string, seconds: number) => coreSeconds[name] = seconds / done;
  add(WORKER, worker - before.processes.worker);
  for (const [name, seconds] of [...after.threads].toSorted(([, a], [, b]) => b - a)) {
    const taken = seconds - (before.threads.get(name) ?? 0);
    if (taken / done > 1e-3) add(`  of it in threads "${name}"`, taken);
  }
  for (const [name, seconds] of Object.entries(others)) {
    add(name, seconds - before.processes[name as keyof typeof others]);
  }
  return { photosPerSecond: done / seconds, coreSeconds };
}
