import type { Sql } from "../db/client.ts";

/** Lets loops sleep until somebody announces work, a timeout passes or the process stops. */
export interface Wake {
  wait(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Listens on the channel every enqueueing transaction notifies. The connection renews itself, and
 * wakes everybody when it does, since words said meanwhile are lost; a pooler may swallow
 * notifications altogether, so callers still poll.
 */
export async function listenForWork(sql: Sql, stopping: AbortSignal): Promise<Wake> {
  let wakeAll = Promise.withResolvers<void>();
  const wake = () => {
    wakeAll.resolve();
    wakeAll = Promise.withResolvers();
  };
  stopping.addEventListener("abort", wake);
  const { unlisten } = await sql.listen("safelight", wake, wake);
  return {
    async wait(milliseconds) {
      if (stopping.aborted) return;
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, milliseconds);
      await Promise.race([wakeAll.promise, timeout.promise]);
      clearTimeout(timer);
    },
    close: () => unlisten(),
  };
}
