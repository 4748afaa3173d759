/** The answer to the request of the same id. */
export type Reply = { id: number } & ({ result: unknown } | { error: Error; name?: string });

/** What a thread says without being asked. */
export interface Notice {
  notice: unknown;
}

/** A Worker that answers requests one by one. */
export interface Thread<Request> {
  /** The answer, or the thread's error. Rejects also if the thread dies first. */
  ask(request: Request): Promise<unknown>;
  readonly dead: boolean;
}

/**
 * Starts the Worker at `url`, which gets `{id, ...request}` and posts a `Reply` for each. It is never
 * terminated from here: killed inside a run, ONNX Runtime has been seen to leave corrupt tensors to
 * other sessions; a Worker closes itself when it is asked to. `noticed` is told what it posts as a
 * `Notice`, in the order of that and its replies.
 */
export function startThread<Request>(
  url: URL,
  name: string,
  { noticed = () => {} }: { noticed?: (notice: unknown) => void } = {},
): Thread<Request> {
  const worker = new Worker(url, { type: "module", name });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let next = 1;
  let dead = false;

  worker.onmessage = ({ data }: MessageEvent<Reply | Notice>) => {
    if ("notice" in data) return noticed(data.notice);
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    // Cloning keeps an error's message and stack, but no name of our own.
    if ("error" in data) {
      asked?.reject(Object.assign(data.error, { name: data.name ?? data.error.name }));
    } else asked?.resolve(data.result);
  };
  worker.onerror = (event) => {
    // Otherwise an error of the thread would end the whole process.
    event.preventDefault();
    die(event.message);
  };
  worker.onmessageerror = () => die("a message could not be read");

  function die(reason: string) {
    dead = true;
    for (const { reject } of waiting.values()) {
      reject(new Error(`The thread "${name}" died: ${reason}`));
    }
    waiting.clear();
  }

  return {
    get dead() {
      return dead;
    },
    ask(request) {
      if (dead) return Promise.reject(new Error(`The thread "${name}" is dead; start another`));
      const id = next++;
      const asked = Promise.withResolvers<unknown>();
      waiting.set(id, asked);
      worker.postMessage({ id, ...request });
      return asked.promise;
    },
  };
}
