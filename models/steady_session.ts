import type { Device } from "./devices/device.ts";
import { plainReason } from "./devices/reason.ts";
import { type InferenceSession, Tensor } from "./onnxruntime.ts";
import { batchSizes, freshBatchSizes, openSession } from "./session.ts";

type Values = InferenceSession.OnnxValueMapType;

/** A session that survives the device it runs on. */
export interface SteadySession extends InferenceSession {
  /** Goes on on the CPU, whatever it ran on. */
  moveToCpu(): Promise<void>;
  /** Runs with so many threads from now on where it runs on the CPU. */
  useThreads(count: number): Promise<void>;
}

export interface SteadyOptions {
  threads: number;
  device: Device;
  /** Told once, with the reason, when the device has failed and the CPU has taken over. */
  onFailure: (reason: string) => void;
  /** How sessions are opened; tests let a device fail here. */
  open?: typeof openSession;
}

/**
 * Opens a graph so that a device that fails, for want of memory or because it is lost, costs nothing
 * but time: a batch that fails is run in halves, and a single picture that fails is run on the CPU. If
 * it fails there too, then the picture or the graph is at fault and the device stays; otherwise the
 * session goes on on the CPU, and `onFailure` is told. Throws a ModelError if the graph cannot be
 * opened on the CPU either.
 */
export async function openSteadySession(
  path: string,
  { device, onFailure, open = openSession, ...options }: SteadyOptions,
): Promise<SteadySession> {
  let { threads } = options;
  const onCpu = () => open(path, { threads, device: "cpu" });
  let current = device;
  let inner = await open(path, { threads, device }).catch(async (error) => {
    if (device === "cpu") throw error;
    const session = await onCpu();
    current = "cpu";
    onFailure(plainReason(error));
    return session;
  });

  async function moveTo(session: InferenceSession) {
    const former = inner;
    inner = session;
    current = "cpu";
    freshBatchSizes(steady, "cpu");
    // A device that is lost may refuse this too, and nothing of it is used any more.
    await former.release().catch(() => {});
  }

  // Released for another number of threads, and not open again.
  let between = false;
  async function settle() {
    inner = await onCpu();
    between = false;
  }

  async function run(feeds: Values): Promise<Values> {
    if (between) await settle();
    try {
      return await inner.run(feeds);
    } catch (error) {
      if (current === "cpu") throw error;
      const items = batchOf(feeds);
      if (items > 1) {
        batchSizes(steady).tooMany(items);
        return await inHalves(feeds, items);
      }
      const session = await onCpu();
      let values: Values;
      try {
        values = await session.run(feeds);
      } catch (fault) {
        await session.release();
        throw fault;
      }
      await moveTo(session);
      onFailure(plainReason(error));
      return values;
    }
  }

  async function inHalves(feeds: Values, items: number): Promise<Values> {
    const middle = Math.ceil(items / 2);
    const first = await run(part(feeds, 0, middle));
    const second = await run(part(feeds, middle, items));
    return joined(first, second);
  }

  const steady: SteadySession = {
    inputNames: inner.inputNames,
    outputNames: inner.outputNames,
    inputMetadata: inner.inputMetadata,
    outputMetadata: inner.outputMetadata,
    run: (feeds: Values) => run(feeds),
    release: async () => {
      if (!between) await inner.release();
    },
    startProfiling: () => inner.startProfiling(),
    endProfiling: () => inner.endProfiling(),
    moveToCpu: async () => {
      if (current !== "cpu") await moveTo(await onCpu());
    },
    useThreads: async (count) => {
      threads = count;
      if (current !== "cpu") return;
      // One after the other: with both open, the weights would be in memory twice.
      if (!between) await inner.release();
      between = true;
      await settle();
    },
  };
  batchSizes(steady, current);
  return steady;
}

/** How many pictures the feeds hold; 1 where they do not agree on it. */
function batchOf(feeds: Values): number {
  const counts = new Set(Object.values(feeds).map(({ dims }) => dims[0]));
  return counts.size === 1 ? [...counts][0] ?? 1 : 1;
}

function part(feeds: Values, from: number, to: number): Values {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => {
      const each = (data as Float32Array).length / dims[0];
      const values = (data as Float32Array).subarray(from * each, to * each);
      return [name, new Tensor(type as "float32", values, [to - from, ...dims.slice(1)])];
    }),
  );
}

// Rows of all pictures follow one another, also where a graph gives several rows for each.
function joined(first: Values, second: Values): Values {
  return Object.fromEntries(
    Object.entries(first).map(([name, { type, data, dims }]) => {
      const [a, b] = [data, second[name].data] as Float32Array[];
      const values = new Float32Array(a.length + b.length);
      values.set(a);
      values.set(b, a.length);
      const rows = dims[0] + second[name].dims[0];
      return [name, new Tensor(type as "float32", values, [rows, ...dims.slice(1)])];
    }),
  );
}
