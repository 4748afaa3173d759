/** How far a pull is. `bytes` of `total` are over the whole pack; null where it cannot be known. */
export interface PullProgress {
  pack: string;
  file: string;
  stage: "fetching" | "verifying" | "installing";
  bytes: number;
  total: number | null;
  bytesPerSecond: number | null;
  etaSeconds: number | null;
}

/** Tells how a pull goes on; see createMeter. */
export interface Meter {
  /** `length` bytes of a file are there, at this stage. */
  at(file: string, place: { length: number; stage: PullProgress["stage"] }): void;
  /** A file turned out to be this long. */
  total(file: string, bytes: number): void;
}

/** Often enough for a bar to move, seldom enough not to be work. */
const EVERY_MS = 200;
/** The rate is of about the last seconds: pieces come in bursts, and connections change. */
const MEMORY_MS = 5000;

/**
 * Adds up the files of a pack (`sizes` in bytes by file, null: not known) and reports at most every
 * 200 ms, and at once when another file or stage begins. The rate is of what comes over the network.
 */
export function createMeter(
  pack: string,
  { sizes, report, now = () => performance.now() }: {
    sizes: Map<string, number | null>;
    report: (progress: PullProgress) => void;
    now?: () => number;
  },
): Meter {
  const lengths = new Map<string, number>();
  let last = { key: "", at: -Infinity, bytes: 0 };
  let rate: number | null = null;

  function measure(fetching: boolean, bytes: number): void {
    const elapsed = now() - last.at;
    if (fetching && last.key.startsWith("fetching") && bytes >= last.bytes && elapsed > 0) {
      const current = (bytes - last.bytes) / elapsed * 1000;
      const weight = rate === null ? 1 : 1 - Math.exp(-elapsed / MEMORY_MS);
      rate = (rate ?? 0) + weight * (current - (rate ?? 0));
    }
  }

  return {
    total: (file, bytes) => void sizes.set(file, bytes),
    at(file, { length, stage }) {
      lengths.set(file, length);
      const key = `${stage} ${file}`;
      const bytes = sum(lengths.values());
      if (key === last.key && now() - last.at < EVERY_MS) return;
      measure(stage === "fetching", bytes);
      last = { key, at: now(), bytes };
      const total = [...sizes.values()].includes(null)
        ? null
        : sum(sizes.values() as Iterable<number>);
      const left = total === null || !rate || stage === "installing" ? null : total - bytes;
      report({
        pack,
        file,
        stage,
        bytes,
        total,
        bytesPerSecond: stage === "fetching" ? rate : null,
        etaSeconds: left === null ? null : left / rate!,
      });
    },
  };
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
