import type { PhotoTile } from "../db/photo_queries.ts";

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** Height of a row in pixels, as the stylesheet has it. */
const ROW = 176;

/** Photos as rows of equal height, in their own proportions, without any script. */
export function PhotoGrid({ photos, label }: { photos: PhotoTile[]; label: string }) {
  return (
    <ul class="photos" aria-label={label}>
      {photos.map((photo) => (
        <li id={`photo-${photo.id}`}>
          <a href={`/photos/${photo.id}`}>
            <img
              src={`/api/v1/photos/${photo.id}/thumbnail`}
              alt={nameOf(photo.path)}
              width={Math.max(1, Math.round(ROW * photo.width / photo.height))}
              height={ROW}
              loading="lazy"
              decoding="async"
            />
          </a>
        </li>
      ))}
    </ul>
  );
}
