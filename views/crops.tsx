import { personName } from "./people_words.ts";

/** A face, cut out of its photo; round. */
export function Crop({ faceId, alt = "", size = 96 }: {
  faceId: number;
  alt?: string;
  size?: number;
}) {
  return (
    <img
      class="crop"
      src={`/api/v1/faces/${faceId}/crop`}
      alt={alt}
      width={size}
      height={size}
      loading="lazy"
      decoding="async"
    />
  );
}

/** What a box, in per cent of a picture, holds of it; round. */
export function BoxCrop({ photo, box, size }: {
  photo: { id: number; previewWidth: number; previewHeight: number };
  box: number[];
  size: number;
}) {
  const { id, previewWidth: width, previewHeight: height } = photo;
  const pixels = box.map((value, index) => value * (index % 2 === 0 ? width : height) / 100);
  return (
    <svg
      class="crop"
      viewBox={pixels.join(" ")}
      preserveAspectRatio="xMidYMid slice"
      width={size}
      height={size}
      aria-hidden="true"
    >
      <image href={`/api/v1/photos/${id}/preview`} width={width} height={height} />
    </svg>
  );
}

/** The face that stands for somebody; their initial where they have none. */
export function Cover({ person, size = 96 }: {
  person: { id: number; name: string | null; coverFaceId: number | null };
  size?: number;
}) {
  if (person.coverFaceId !== null) return <Crop faceId={person.coverFaceId} size={size} />;
  return <span class="crop blank" aria-hidden="true">{[...personName(person)][0]}</span>;
}

/**
 * Faces of one row that can be picked: boxes of a form, so that they work without scripts; people.js
 * lets arrow keys go through them. Each leads to its photo.
 */
export function Picks({ faces, of }: { faces: { id: number; photoId: number }[]; of: string }) {
  return (
    <ul class="faces picks" aria-label={`Faces of ${of}`}>
      {faces.map((face, index) => (
        <li id={`face-${face.id}`}>
          <label>
            <input
              type="checkbox"
              name="faceId"
              value={face.id}
              id={`pick-${face.id}`}
              aria-label={`Face ${index + 1} of ${of}`}
            />
            <Crop faceId={face.id} />
          </label>
          <OpenPhoto
            photoId={face.photoId}
            title={`Open the photo of face ${index + 1} of ${of}`}
          />
        </li>
      ))}
    </ul>
  );
}

/** A small corner of a crop that leads to the whole picture. */
export function OpenPhoto({ photoId, title }: { photoId: number; title: string }) {
  return (
    <a class="open-photo" href={`/photos/${photoId}`} aria-label={title} title="Open the photo">
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path d="M6 3H3v10h10v-3M9 3h4v4M13 3 7.5 8.5" />
      </svg>
    </a>
  );
}
