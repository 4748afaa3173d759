import type { Neighbours } from "../db/neighbour_queries.ts";
import type { PhotoTile } from "../db/photo_queries.ts";
import { cameraTime, fileName } from "./format.ts";

/** The address of a photo's page; `from`: where "Back" on it leads to. */
export const photoAddress = (id: number, from: string | null) =>
  `/photos/${id}${from === null ? "" : `?${new URLSearchParams({ from })}`}`;

/** Links to the photos before and after this one in time, for the page's head and for arrow keys. */
export function Beside({ neighbours, from }: { neighbours: Neighbours; from: string | null }) {
  const before = neighbours.earlier.at(-1);
  const after = neighbours.later[0];
  if (!before && !after) return null;
  return (
    <nav class="beside" aria-label="Photos before and after">
      {before && (
        <a href={photoAddress(before.id, from)} rel="prev" data-go="ArrowLeft">← Earlier</a>
      )}
      {after && <a href={photoAddress(after.id, from)} rel="next" data-go="ArrowRight">Later →</a>}
    </nav>
  );
}

/** What was taken around the same time, in its order, this one among them. */
export function NeighbourStrip({ neighbours, current, from }: {
  neighbours: Neighbours;
  current: PhotoTile;
  from: string | null;
}) {
  const { earlier, later } = neighbours;
  if (earlier.length + later.length === 0) return null;
  return (
    <section aria-labelledby="neighbours-title">
      <h2 id="neighbours-title">
        {current.takenAt === null ? "Also without a date" : "Taken before and after"}
      </h2>
      <ol class="strip" id="neighbours">
        {earlier.map((photo) => <Small photo={photo} from={from} />)}
        <li class="current">
          <a href={photoAddress(current.id, from)} aria-current="page">
            <Picture photo={current} />
          </a>
        </li>
        {later.map((photo) => <Small photo={photo} from={from} />)}
      </ol>
    </section>
  );
}

function Small({ photo, from = null }: { photo: PhotoTile; from?: string | null }) {
  const told = photo.takenAt === null ? undefined : cameraTime(photo.takenAt);
  return (
    <li>
      <a href={photoAddress(photo.id, from)} title={told}>
        <Picture photo={photo} />
      </a>
    </li>
  );
}

function Picture({ photo }: { photo: PhotoTile }) {
  return (
    <img
      src={`/api/v1/photos/${photo.id}/thumbnail`}
      alt={fileName(photo.path)}
      width="80"
      height="80"
      loading="lazy"
      decoding="async"
    />
  );
}

/** The place of photos like this one: they are looked for when somebody scrolls there. */
export function MoreLikeThis({ id }: { id: number }) {
  return (
    // Exchanged by nothing else: a form about a face would put the empty place back.
    <section aria-labelledby="similar-title" hx-morph-skip="true">
      <div class="title similar-head">
        <h2 id="similar-title">More like this</h2>
        <a href={`/search?like=${id}`}>All photos like this</a>
      </div>
      <div
        id="similar"
        hx-get={`/photos/${id}/similar`}
        hx-trigger="revealed"
        hx-swap="innerHTML"
        hx-config="timeout:20s"
      />
    </section>
  );
}

/** Photos like one, or in words why there are none. */
export function SimilarFragment({ photos, message }: {
  photos: PhotoTile[];
  message: string | null;
}) {
  if (photos.length === 0) return <p class="muted">{message ?? "No other photo is like this"}.</p>;
  return (
    <>
      <ol class="strip large" aria-label="Photos like this, the most similar first">
        {photos.map((photo) => <Small photo={photo} />)}
      </ol>
      {message && <p class="note" role="note">{message}.</p>}
    </>
  );
}
