/**
 * How unusual a similarity is. What two things that have nothing to do with each other score is
 * measured: many background queries against a sample of the library. A score says little by itself:
 * with CLIP any text and any picture have a cosine of .1 to .25, true matches .25 to .35.
 *
 * Cosines end at 1, where a normal distribution does not: what is looked at is their inverse hyperbolic
 * tangent (Fisher 1915), s' = artanh s, which changes little up to .4 and tells .99 from .95. For a
 * background query q and a picture x
 *
 *     s'(q, x) = centre + offset(q) + spread · z(q, x)
 *
 * The offset is how well a query goes with everything ("photo", "asdfgh"). It is read off the lower
 * quartile of the query's scores over the sample, which the pictures it is about do not reach unless
 * they are most of the library. So it counts for no more than twice what is usual between background
 * queries: in a library of nothing but dogs "dog" is above that, and stays above it. Below there is
 * no bound: the one car among the dogs is unlike everything, and another car is like it all the same.
 *
 * p(z) is how rarely an unrelated pair gets that far: by the normal distribution, whose spread is
 * taken from where few matches are, or by the nonsense texts if more of those do, since all of their
 * pairs are unrelated. Relevance is 1 − p.
 *
 * The best of N scores grows with N, so a bound on p alone would show more nonsense the larger the
 * library. Results end where, of those up to there, more than a fifth would be expected by chance:
 * the last rank k with N · p(k) ≤ k / 5 (Benjamini and Hochberg 1995). There are none at all unless a
 * tenth holds for some rank: a query about nothing passes that one time in ten.
 */
export interface Null {
  /** p of a score, for a query with these scores over the sample. */
  of(own: Float32Array): (score: number) => number;
}

/** Share of chance among what is shown, and what it takes for anything to be shown. */
const CHANCE = 0.2;
const GATE = 0.1;

/** Fewer pictures say nothing about how one query differs from another. */
const FEW = 50;
/** Scores of the sample that a rank is concluded from. */
const ENOUGH = 5;

const LOWER = 0.25;
const OFFSETS = 2;
/** Standard deviations from the median to the 10 % quantile of a normal distribution, and to the 75 %. */
const TENTH = 1.2816;
const QUARTER = 0.6745;

/** A background query's scores over the sample. */
export interface Described {
  /** As they came, and by size. */
  scores: Float32Array;
  sorted: Float32Array;
  nonsense: boolean;
}

/** Prepares one query's cosines; sorting those of all queries at once would take 15 ms. */
export function describe(cosines: Float32Array, nonsense: boolean): Described {
  const scores = cosines.map(fisher);
  return { scores, sorted: scores.toSorted(), nonsense };
}

/** What unrelated pairs score, of some background queries over the same sample. */
export function measureNull(queries: Described[]): Null {
  const few = queries[0].scores.length < FEW;
  const sorted = few
    ? [joined(queries.map(({ scores }) => scores)).sort()]
    : queries.map((query) => query.sorted);
  const lows = sorted.map((own) => at(own, LOWER)).sort((a, b) => a - b);
  const low = at(lows, 0.5);
  const usual = at(lows.map((one) => Math.abs(one - low)).sort((a, b) => a - b), 0.5) * 1.4826;
  const rise = at(sorted.map((own) => at(own, 0.5) - at(own, LOWER)).sort((a, b) => a - b), 0.5);
  const spreads = sorted.map((own) =>
    Math.max((at(own, 0.5) - at(own, 0.1)) / TENTH, (at(own, 0.75) - at(own, 0.5)) / QUARTER)
  ).sort((a, b) => a - b);
  const spread = Math.max(at(spreads, 0.75), 1e-6);

  const centreOf = (sorted: Float32Array) => {
    if (few) return low + rise;
    const offset = at(sorted, LOWER) - low;
    return low + rise + Math.min(OFFSETS * usual, offset);
  };
  const z = (sorted: Float32Array) => {
    const centre = centreOf(sorted);
    return (score: number) => (score - centre) / spread;
  };
  const unrelated = joined(
    queries.filter(({ nonsense }) => nonsense).map(({ sorted }) => sorted.map(z(sorted))),
  ).sort();
  const nonsensical = unrelated.length < 1000 ? () => 0 : empirical(unrelated);
  return {
    of(own) {
      const zOf = z(own.map(fisher).sort());
      return (score) => {
        const at = zOf(fisher(score));
        return Math.max(upperTail(at), nonsensical(at));
      };
    },
  };
}

/**
 * How many of the hits (best first) are better than chance; all are candidates of which the library
 * has `candidates`. `own`: the query's scores over a sample of those, where there is one, which says
 * how many more are as good as the last hit.
 */
export function countRelevant(
  hits: { score: number }[],
  { candidates, p, own }: {
    candidates: number;
    p: (score: number) => number;
    own: Float32Array | null;
  },
): number {
  const best = own?.toSorted().reverse() ?? new Float32Array();
  const upTo = (chance: number): number => {
    const bound = boundOf(best, { p, chance });
    for (let k = hits.length; k > 0; k--) {
      const { score } = hits[k - 1];
      if (score >= bound || candidates * p(score) <= chance * k) return k;
    }
    return 0;
  };
  return upTo(GATE) === 0 ? 0 : upTo(CHANCE);
}

// The lowest score of the sample above which there is enough more than chance.
function boundOf(
  best: Float32Array,
  { p, chance }: { p: (score: number) => number; chance: number },
): number {
  for (let k = best.length; k >= ENOUGH; k--) {
    if (best.length * p(best[k - 1]) <= chance * k) return best[k - 1];
  }
  return Infinity;
}

/** The share of sorted values above one; beyond the last it falls as fast as it did before. */
function empirical(sorted: Float32Array): (z: number) => number {
  const count = sorted.length;
  const from = Math.floor(count * 0.98);
  const knee = sorted[from];
  let excess = 0;
  for (let i = from; i < count; i++) excess += sorted[i] - knee;
  const mean = Math.max(excess / (count - from), 1e-6);
  return (z) => {
    if (z > knee) return (count - from) / count * Math.exp(-(z - knee) / mean);
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < z) low = middle + 1;
      else high = middle;
    }
    return (count - low) / count;
  };
}

/** What is above z in the normal distribution: Abramowitz and Stegun 7.1.26, in the tail 26.2.14. */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const bell = Math.exp(-z * z / 2);
  if (z > 3) {
    let below = z;
    for (let i = 20; i > 0; i--) below = z + i / below;
    return bell / Math.sqrt(2 * Math.PI) / below;
  }
  const t = 1 / (1 + 0.3275911 * z / Math.SQRT2);
  const series = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  return bell / 2 * t * series.reduceRight((sum, factor) => sum * t + factor, 0);
}

/** Float32 makes cosines of more than 1. */
const fisher = (cosine: number) => Math.atanh(Math.max(-0.999999, Math.min(0.999999, cosine)));

/** The quantile of sorted values. */
const at = (sorted: ArrayLike<number>, share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

function joined(parts: Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let to = 0;
  for (const part of parts) {
    all.set(part, to);
    to += part.length;
  }
  return all;
}
