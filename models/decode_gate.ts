// libvips keeps the errors of all its threads in one buffer: what sharp throws for one picture may
// carry the words of another that failed at the same moment. So a verdict is only believed when
// it was reached alone.

let working = 0;
let idle = Promise.withResolvers<void>();
let last: Promise<unknown> = Promise.resolve();

/** Runs `work` beside others of its kind, but never beside work that wants to be alone. */
export async function together<T>(work: () => Promise<T>): Promise<T> {
  let seen: Promise<unknown> | null = null;
  while (seen !== last) {
    seen = last;
    await seen;
  }
  working++;
  try {
    return await work();
  } finally {
    if (--working === 0) {
      idle.resolve();
      idle = Promise.withResolvers();
    }
  }
}

/** Runs `work` while nothing else does; what comes meanwhile waits. */
export function alone<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(async () => {
    while (working > 0) await idle.promise;
    return await work();
  });
  last = turn.catch(() => {});
  return turn;
}
