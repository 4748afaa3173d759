import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { createSession } from "../jobs/lifecycle.ts";
import { addFile } from "./testing.ts";

/** Names that HTML, CSV and spreadsheets take for something else, and a very long one. */
export const ODD = [
  '/p/=HYPERLINK("evil").jpg',
  "/p/new\nline.jpg",
  '/p/"quoted", with comma.jpg',
  "/p/<script>alert(1)</script>.jpg",
  "/p/Überraschung 🎞️.jpg",
  `/p/${"long ".repeat(700)}.jpg`,
];
/** A session with six failed files and an unreadable folder, as a run that is over leaves it. */
export async function failedSession(db: Db): Promise<{ id: number; jobs: number[] }> {
  const id = await createSession(db, { name: "t", rootPath: "/p", subdirectories: [""] });
  await db.execute(
    sql`insert into walk_faults values (${id}, '/p/private', 'Permission denied')`,
  );
  const jobs = [];
  for (const path of ODD) {
    const name = `${path}.${id}`;
    const { jobId } = await addFile(db, {
      path: name,
      sessionId: id,
      state: "failed",
      message: `=1+1, told of ${name}`,
    });
    jobs.push(jobId);
  }
  await db.execute(
    sql`insert into attempts (job_id, started_at, worker, kind, reason, message, details)
      select id, now(), 'host, process 7', 'permanent', 'corrupt', 'the <b>message</b>', 'the details'
      from jobs where session_id = ${id}`,
  );
  await endSession(db, id);
  return { id, jobs };
}

/** Ends every phase of a session, with the figures its rows amount to. */
export async function endSession(db: Db, id: number): Promise<void> {
  await db.execute(sql`
      update phases p set status = 'completed', total = c.total, failed = c.failed,
        done = c.total - c.failed
      from (select n.name, count(j.id) as total, count(j.id) filter (where j.state = 'failed') as failed
        from unnest(array['training', 'face_detection', 'clustering']) as n (name)
        left join jobs j on j.session_id = ${id} and j.phase = n.name group by 1) c
      where p.session_id = ${id} and p.name = c.name`);
  await db.execute(sql`
      update phases set status = 'completed', total = 9, done = 9,
        failed = (select count(*) from walk_faults where session_id = ${id})
      where session_id = ${id} and name = 'discovery'`);
  await db.execute(sql`update sessions set status = 'completed' where id = ${id}`);
}
