import { sql } from "drizzle-orm";
import type { Db } from "./client.ts";

/** When work may be done, by the clock on the wall of a time zone; over midnight if from > to. */
export interface Hours {
  /** "22:00". */
  from: string;
  to: string;
  /** As in the IANA database: "Europe/Berlin". */
  timeZone: string;
}

/** A setting with who changed it last; null for one that nobody ever touched. */
export interface HoursSetting {
  /** Null: at any time. */
  hours: Hours | null;
  changed: { by: string; at: Date } | null;
  /** By the database's clock, which all workers share. */
  now: Date;
}

const NAME = "hours";

/** The hours of work of this installation, and what the database's clock says. */
export async function readHours(db: Db): Promise<HoursSetting> {
  const [{ value, by, at, now }] = await db.execute<
    { value: Hours | null; by: string | null; at: string; now: string }
  >(sql`
    select s.value, s.by, s.changed_at as at, clock_timestamp() as now
    from (select 1) one left join settings s on s.name = ${NAME}`);
  return {
    hours: value,
    changed: by === null ? null : { by, at: new Date(at) },
    now: new Date(now),
  };
}

/** Sets the hours of work, or with null none, and wakes the workers. */
export async function writeHours(db: Db, hours: Hours | null, by: string): Promise<void> {
  await db.transaction(async (tx) => {
    // Not SQL's null: the row stays, and with it who took the hours away.
    await tx.execute(sql`
      insert into settings (name, value, by) values (${NAME}, ${
      JSON.stringify(hours)
    }::jsonb, ${by})
      on conflict (name) do update set value = excluded.value, by = excluded.by,
        changed_at = now()`);
    await tx.execute(sql`select pg_notify('safelight', '')`);
  });
}
