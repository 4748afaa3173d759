import type { PhaseName } from "../db/schema.ts";

/** One batch in hand. */
export interface Hand {
  /** Something was finished or got further. */
  moved(): void;
  end(): void;
}

/** What a worker has in hand and since when nothing of it moved. */
export interface Moving {
  /** Takes a batch in hand that is given `patience` seconds from one movement to the next. */
  take(batch: { phase: PhaseName; items: number; patience: number }): Hand;
  /** Everything has moved just now: time in which nothing could move says nothing. */
  restart(): void;
  /** Items in hand; the batch that has used up most of its patience, in seconds. */
  state(): { inHand: number; stillSeconds: number; patienceSeconds: number };
  /** True if a batch of one of these phases is in hand. */
  busyWith(...phases: PhaseName[]): boolean;
}

/** Kept for each batch by itself: one that hangs must not hide behind others that move. */
export function createMoving(now: () => number = () => performance.now() / 1000): Moving {
  const hands = new Set<{ phase: PhaseName; items: number; patience: number; moved: number }>();
  return {
    take(batch) {
      const hand = { ...batch, moved: now() };
      hands.add(hand);
      return {
        moved: () => hand.moved = now(),
        end: () => hands.delete(hand),
      };
    },
    restart() {
      for (const hand of hands) hand.moved = now();
    },
    state() {
      const time = now();
      const used = (hand: { moved: number; patience: number }) =>
        (time - hand.moved) / hand.patience;
      const [worst] = [...hands].sort((a, b) => used(b) - used(a));
      return {
        inHand: [...hands].reduce((sum, hand) => sum + hand.items, 0),
        stillSeconds: worst ? time - worst.moved : 0,
        patienceSeconds: worst?.patience ?? 0,
      };
    },
    busyWith: (...phases) => [...hands].some((hand) => phases.includes(hand.phase)),
  };
}
