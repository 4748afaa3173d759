import { number } from "./format.ts";
import { Bar } from "./parts.tsx";
import type { IndexProgress } from "./search_view.ts";

/**
 * That the index is being read or made, and how far it is; asks for news of itself until it is ready.
 * While it is read searches wait, while it is made they are answered by looking at every photo. Of an
 * index that nobody has asked for yet there is no news, and none will come.
 */
export function IndexNews({ index }: { index: IndexProgress | null }) {
  if (!index || !isUnderWay(index)) return <div id="index-news"></div>;
  const { state, done, total } = index;
  const share = total > 0 ? Math.min(100, Math.round(done / total * 1000) / 10) : null;
  return (
    <div
      id="index-news"
      class="note"
      hx-get="/search/index"
      hx-trigger="every 2s"
      hx-swap="outerMorph"
      hx-sync="this:drop"
      hx-config="timeout:10s"
    >
      <p>
        {state === "loading"
          ? `The index of the photos is being read: ${number(done)} of ${number(total)}. ` +
            "A search waits until it is there."
          : `The index of the photos is being made: ${number(done)} of ${number(total)}. ` +
            "Until then every search looks at all of them: nothing is missing, it only takes longer."}
      </p>
      <Bar label="Index of the photos" percentage={share} live />
    </div>
  );
}

const isUnderWay = ({ state, total }: IndexProgress) =>
  state === "building" || (state === "loading" && total > 0);
