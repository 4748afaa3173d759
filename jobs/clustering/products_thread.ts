import { awaitChange, CONTROL, type Multiply, takeChunks } from "./product_chunks.ts";

/** What the thread is given, once. */
export interface ProductOrder {
  module: Uint8Array<ArrayBuffer>;
  memory: WebAssembly.Memory;
  control: Int32Array;
  /** Elements of a vector in memory. */
  dim: number;
  /** Address of this thread's own scratch memory. */
  panel: number;
}

interface ThreadScope {
  onmessage: ((event: MessageEvent<ProductOrder>) => void) | null;
  postMessage(answer: "closed"): void;
  close(): void;
}

const scope = self as unknown as ThreadScope;

// Between the order and the end this thread only computes or sleeps.
scope.onmessage = ({ data: { module, memory, control, dim, panel } }) => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: { memory } });
  while (Atomics.load(control, CONTROL.closed) === 0) {
    const turn = Atomics.load(control, CONTROL.turn);
    takeChunks(exports.multiply as Multiply, { control, dim, panel });
    if (Atomics.load(control, CONTROL.closed) === 0) {
      awaitChange(control, CONTROL.turn, { value: turn });
    }
  }
  scope.postMessage("closed");
  scope.close();
};
