import type { CopyGroup } from "../db/copy_groups.ts";
import type { Neighbours } from "../db/neighbour_queries.ts";
import type { PhotoDetail } from "../db/photo_queries.ts";
import { differenceWords } from "./copy_words.ts";
import { BoxCrop } from "./crops.tsx";
import { bytes, fileName, several } from "./format.ts";
import { CROP_SIZE } from "./name_question.tsx";
import { PeopleLayout } from "./people_layout.tsx";
import type { Frame } from "./people_view.ts";
import { DemoNote, Time } from "./parts.tsx";
import { PhotoCopies } from "./photo_copies.tsx";
import { AddFace, FaceBoxes, PHOTO_KEYS, PhotoFaces } from "./photo_faces.tsx";
import { Beside, MoreLikeThis, NeighbourStrip, photoAddress } from "./photo_strip.tsx";
import { coordinates, ratingWords, takenTime } from "./shot_words.ts";

/** What the page of a photo shows. */
export interface PhotoView {
  detail: PhotoDetail;
  /** The photo with its copies, compared with it. */
  group: CopyGroup;
  neighbours: Neighbours;
  /** The run that found it, while that is known. */
  session: { id: number; name: string } | null;
  builtin: boolean;
  /** The page somebody came from, to go back to: a path of this program. */
  from: string | null;
  frame: Frame;
}

/** A picture with the faces in it, and everything known about it. */
export function PhotoPage({ detail, group, neighbours, session, builtin, from, frame }: PhotoView) {
  const { photo } = detail;
  const faces = detail.faces.toSorted((a, b) => a.box[0] - b.box[0]);
  const { now, question } = frame;
  const box = question?.box;
  const name = fileName(photo.firstPath);
  return (
    <PeopleLayout
      title={name}
      place="photos"
      frame={frame}
      keys={PHOTO_KEYS}
      questionCrop={box?.length === 4 && <BoxCrop photo={photo} box={box} size={CROP_SIZE} />}
    >
      <div class="photo-head">
        <p class="crumbs">
          <a href="/photos">Photos</a>
          {from !== null && (
            <>
              {" / "}
              <a href={from} id="back">{backWords(from)}</a>
            </>
          )}
        </p>
        <Beside neighbours={neighbours} from={from} />
      </div>
      <h1>{name}</h1>
      {photo.representativeId !== null && (
        <DuplicateOf id={photo.representativeId} group={group} from={from} />
      )}
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
        <div>
          <dt>Added</dt>
          <dd>
            <Time at={photo.createdAt} now={now} />
            {session && (
              <>
                {" by "}
                <a href={`/sessions/${session.id}`}>{session.name}</a>
              </>
            )}
          </dd>
        </div>
      </dl>
      <PhotoCopies group={group} now={now} />
      <NeighbourStrip
        neighbours={neighbours}
        current={{ ...photo, path: photo.firstPath }}
        from={from}
      />
      <MoreLikeThis id={photo.id} />
    </PeopleLayout>
  );
}

const backWords = (from: string) =>
  from.startsWith("/duplicates") ? "Back to the duplicates" : "Back to results";

/** Whose vector and faces a duplicate shares, and how it differs from that one. */
function DuplicateOf({ id, group, from }: { id: number; group: CopyGroup; from: string | null }) {
  const [self, ...others] = group.photos;
  const other = others.find((photo) => photo.id === id);
  const file = other?.files[0];
  return (
    <p class="lead">
      <span>
        A duplicate of{" "}
        <a href={photoAddress(id, from)}>{file ? fileName(file.path) : `photo ${id}`}</a>
        {other && `, which is: ${differenceWords(self, other).join(" · ")}`}
      </span>
    </p>
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
