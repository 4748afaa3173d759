/** Lets pieces of work in, in the order asked, while what is inside weighs no more than the gate bears. */
export interface Gate {
  /**
   * Runs `work`, which weighs `weight`, once there is room for it; what is too heavy for the gate
   * goes in alone. `waits` is called every second until then: a turn that has not come is nobody's
   * standstill, and whoever is inside answers for his own.
   */
  pass<T>(weight: number, work: () => Promise<T>, waits?: () => void): Promise<T>;
  /** Changes what the gate bears; who is inside stays. */
  bear(most: number): void;
  /** What is inside weighs this much. */
  readonly load: number;
}

const WAITS_MS = 1000;

/** A gate that bears `most`, in whatever unit its work is weighed. */
export function createGate(most: number): Gate {
  let bears = most;
  let load = 0;
  const queue: { weight: number; enter: () => void }[] = [];

  // In order: something light behind something heavy waits with it, so that nothing starves.
  function open() {
    while (queue.length > 0 && (load === 0 || load + queue[0].weight <= bears)) {
      const { weight, enter } = queue.shift()!;
      load += weight;
      enter();
    }
  }

  async function turn(weight: number, waits?: () => void) {
    const entered = Promise.withResolvers<void>();
    queue.push({ weight, enter: entered.resolve });
    open();
    const timer = waits && setInterval(waits, WAITS_MS);
    await entered.promise;
    clearInterval(timer);
  }

  return {
    async pass(weight, work, waits) {
      await turn(weight, waits);
      try {
        return await work();
      } finally {
        load -= weight;
        open();
      }
    },
    bear(most) {
      bears = most;
      open();
    },
    get load() {
      return load;
    },
  };
}
