import type { FaceBox, PhotoDetail } from "../db/photo_queries.ts";
import { bytes, several } from "./format.ts";
import { Layout } from "./layout.tsx";
import { DemoNote, Time } from "./parts.tsx";
import { PhotoGrid } from "./photo_grid.tsx";
import { coordinates, ratingWords, takenTime } from "./shot_words.ts";

export function PhotoPage({ detail, builtin, now }: {
  detail: PhotoDetail;
  builtin: boolean;
  now: Date;
}) {
  const { photo, files, faces, duplicates } = detail;
  const name = photo.firstPath.slice(photo.firstPath.lastIndexOf("/") + 1);
  return (
    <Layout title={name} place="photos">
      <p class="crumbs">
        <a href="/photos">Photos</a>
      </p>
      <h1>{name}</h1>
      <figure class="photo">
        <img
          src={`/api/v1/photos/${photo.id}/preview`}
          alt={name}
          width={photo.previewWidth}
          height={photo.previewHeight}
        />
        {faces.length > 0 && (
          <FaceBoxes faces={faces} width={photo.previewWidth} height={photo.previewHeight} />
        )}
      </figure>
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
    </Layout>
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

/** Boxes over the picture: attributes of SVG, since inline styles are forbidden here. */
function FaceBoxes({ faces, width, height }: { faces: FaceBox[]; width: number; height: number }) {
  return (
    <svg class="boxes" viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Faces">
      {faces.map((face, index) => {
        const [x, y, w, h] = face.box;
        const box = (
          <rect x={x * width} y={y * height} width={w * width} height={h * height} rx="4" />
        );
        const label = `Face ${index + 1}`;
        return face.clusterId === null
          ? <g role="img" aria-label={`${label}, in no cluster`}>{box}</g>
          : (
            <a
              href={`/people/${face.clusterId}`}
              aria-label={`${label}: unnamed person ${face.clusterId}`}
            >
              {box}
            </a>
          );
      })}
    </svg>
  );
}
