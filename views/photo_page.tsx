import type { PhotoDetail } from "../db/photo_queries.ts";
import { BoxCrop } from "./crops.tsx";
import { bytes, several } from "./format.ts";
import { CROP_SIZE } from "./name_question.tsx";
import { PeopleLayout } from "./people_layout.tsx";
import type { Frame } from "./people_view.ts";
import { DemoNote, Time } from "./parts.tsx";
import { AddFace, FaceBoxes, PHOTO_KEYS, PhotoFaces } from "./photo_faces.tsx";
import { PhotoGrid } from "./photo_grid.tsx";
import { coordinates, ratingWords, takenTime } from "./shot_words.ts";

/** A picture with the faces in it, and everything known about it. */
export function PhotoPage({ detail, builtin, frame }: {
  detail: PhotoDetail;
  builtin: boolean;
  frame: Frame;
}) {
  const { photo, files, duplicates } = detail;
  const faces = detail.faces.toSorted((a, b) => a.box[0] - b.box[0]);
  const { now, question } = frame;
  const box = question?.box;
  const name = photo.firstPath.slice(photo.firstPath.lastIndexOf("/") + 1);
  return (
    <PeopleLayout
      title={name}
      place="photos"
      frame={frame}
      keys={PHOTO_KEYS}
      questionCrop={box?.length === 4 && <BoxCrop photo={photo} box={box} size={CROP_SIZE} />}
    >
      <p class="crumbs">
        <a href="/photos">Photos</a>
      </p>
      <h1>{name}</h1>
      <figure class="photo" id="picture">
        <div class="frame">
          <img
            src={`/api/v1/photos/${photo.id}/preview`}
            alt={name}
            width={photo.previewWidth}
            height={photo.previewHeight}
          />
          <FaceBoxes faces={faces} width={photo.previewWidth} height={photo.previewHeight} />
        </div>
      </figure>
      <PhotoFaces faces={faces} frame={frame} />
      <AddFace photoId={photo.representativeId ?? photo.id} frame={frame} />
      {builtin && <DemoNote />}
      <dl class="facts-list">
        {photo.takenAt && (
          <Fact term="Taken" value={takenTime(photo.takenAt, photo.takenOffsetMinutes)} />
        )}
        {photo.camera && <Fact term="Camera" value={photo.camera} />}
        {photo.lens && <Fact term="Lens" value={photo.lens} />}
        {photo.latitude !== null && photo.longitude !== null && (
          <Fact term="Place" value={coordinates(photo.latitude, photo.longitude)} />
        )}
        {!!photo.rating && <Fact term="Rating" value={ratingWords(photo.rating)} />}
        <Fact term="Size" value={`${photo.width} × ${photo.height} pixels, ${photo.format}`} />
        <Fact term="Bytes" value={bytes(photo.byteSize)} />
        <Fact term="Faces" value={several(faces.length, "face")} />
      </dl>
      <h2>{several(files.length, "file")}</h2>
      <ul class="items">
        {files.map((file) => (
          <li>
            <div>
              <p class="path">{file.path}</p>
              <p class="facts">
                <span>{bytes(file.size)}</span>
                <span>
                  changed <Time at={new Date(file.mtimeMs)} now={now} />
                </span>
                {file.missing && <span class="failed">no longer there</span>}
              </p>
            </div>
          </li>
        ))}
      </ul>
      {duplicates.length > 0 && (
        <>
          <h2>{several(duplicates.length, "duplicate")}</h2>
          <PhotoGrid photos={duplicates} label="Duplicates of this photo" />
        </>
      )}
    </PeopleLayout>
  );
}

function Fact({ term, value }: { term: string; value: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </div>
  );
}
