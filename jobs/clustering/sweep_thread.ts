import { CONTROL, type SharedSweep, singleProducts, takeStrips } from "./sweep_strips.ts";

/** What the thread is given, once. */
export interface SweepOrder {
  sweep: SharedSweep;
  /** 1, 2, …; 0 is the one that gives the order. */
  thread: number;
}

interface ThreadScope {
  onmessage: ((event: MessageEvent<SweepOrder>) => void) | null;
  postMessage(answer: "closed"): void;
  close(): void;
}

const scope = self as unknown as ThreadScope;

scope.onmessage = async ({ data: { sweep, thread } }) => {
  const { control } = sweep;
  Atomics.add(control, CONTROL.begun, 1);
  try {
    if (Atomics.load(control, CONTROL.stopped) === 0 && Atomics.load(control, CONTROL.left) > 0) {
      const products = await singleProducts(sweep.backend);
      await takeStrips(sweep, { products, thread, step: () => {} })
        .finally(() => products.close());
    }
  } catch {
    // The one that gave the order does all of it alone, and meets the same error if it must.
    Atomics.store(control, CONTROL.failed, 1);
  }
  Atomics.add(control, CONTROL.ended, 1);
  scope.postMessage("closed");
  scope.close();
};
