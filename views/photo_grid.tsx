import { cameraTime, fileName, several } from "./format.ts";
import { ratioClass } from "./photo_ratios.ts";
import { chanceWords, strength } from "./search_words.ts";

/** What a grid shows of a photo. */
export interface GridPhoto {
  id: number;
  width: number;
  height: number;
  takenAt: string | null;
  path: string;
  /** Where they fold under this one. */
  duplicates?: number;
  /** Of a search: 0…1, null where nothing was compared. */
  relevance?: number | null;
}

/** Height of a row in pixels, as the stylesheet has it. */
const ROW = 168;

/**
 * Photos as rows of equal height that fill the page, in their own proportions, without any script.
 * `deeds`: each leads to those like it, and duplicates unfold under theirs.
 */
export function PhotoGrid({ photos, label, id, deeds = false }: {
  photos: GridPhoto[];
  label: string;
  id?: string;
  deeds?: boolean;
}) {
  return (
    <ul class="photos" id={id} aria-label={label} data-grid={deeds ? "" : undefined}>
      <PhotoTiles photos={photos} deeds={deeds} />
    </ul>
  );
}

/** The items of a grid, for those that are added to it later. */
export function PhotoTiles({ photos, deeds = false }: { photos: GridPhoto[]; deeds?: boolean }) {
  return <>{photos.map((photo) => <PhotoTile photo={photo} deeds={deeds} />)}</>;
}

function PhotoTile({ photo, deeds }: { photo: GridPhoto; deeds: boolean }) {
  const name = fileName(photo.path);
  const { id, takenAt, relevance = null } = photo;
  const told = [
    name,
    takenAt && cameraTime(takenAt),
    relevance !== null && chanceWords(relevance),
  ].filter(Boolean).join("\n");
  return (
    <li id={`photo-${id}`} class={ratioClass(photo)}>
      <a class="open" href={`/photos/${id}`} title={deeds ? told : undefined}>
        <img
          src={`/api/v1/photos/${id}/thumbnail`}
          alt={name}
          width={Math.max(1, Math.round(ROW * photo.width / photo.height))}
          height={ROW}
          loading="lazy"
          decoding="async"
        />
      </a>
      {deeds && <TileDeeds photo={photo} name={name} />}
      {deeds && relevance !== null && (
        <meter class="relevance" min="0" max="1" value={strength(relevance)} aria-hidden="true">
        </meter>
      )}
    </li>
  );
}

function TileDeeds({ photo: { id, duplicates = 0 }, name }: { photo: GridPhoto; name: string }) {
  return (
    <>
      <a
        class="like"
        href={`/search?like=${id}`}
        aria-label={`More like ${name}`}
        title="More like this (M)"
      >
        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
          <rect x="2.5" y="5.5" width="11" height="11" rx="2" />
          <path d="M6.5 2.5h9a2 2 0 0 1 2 2v9" />
        </svg>
      </a>
      {duplicates > 0 && (
        <a
          class="copies-count"
          href={`/photos/${id}#copies`}
          data-copies={id}
          aria-label={`${several(duplicates, "duplicate")} of ${name}`}
          title={several(duplicates, "duplicate")}
        >
          +{duplicates}
        </a>
      )}
    </>
  );
}
