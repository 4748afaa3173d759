import type { CopyGroup, CopyPhoto } from "../db/copy_groups.ts";
import type { ItemFile } from "../db/item_queries.ts";
import { differenceWords, LIKENESS_WORDS, lookWords, placeWords } from "./copy_words.ts";
import { bytes, fileName, several } from "./format.ts";
import { Time } from "./parts.tsx";

/** More duplicates than these are folded away on the page of a photo. */
const UNFOLDED = 4;

/** Where a photo is: every file of its bytes, and every file of what looks the same. */
export function PhotoCopies({ group, now }: { group: CopyGroup; now: Date }) {
  const [photo, ...others] = group.photos;
  return (
    <section id="copies" aria-labelledby="copies-title">
      <h2 id="copies-title">
        {photo.files.length === 1 ? "Where the file is" : "Where its files are"}
      </h2>
      <Files photo={photo} now={now} />
      {others.length > 0 && (
        <details class="fold" id="duplicates" open={others.length <= UNFOLDED}>
          <summary>
            {several(others.length, "duplicate")}
            {group.morePhotos && " and more"}: {kindsOf(others)}
          </summary>
          <GroupPhotos first={photo} photos={others} now={now} />
        </details>
      )}
    </section>
  );
}

function kindsOf(photos: CopyPhoto[]): string {
  const near = photos.filter((photo) => photo.likeness === "near").length;
  const again = photos.length - near;
  return [
    again > 0 && "the same look in other bytes",
    near > 0 && `${again > 0 ? several(near, "other picture") : "other pictures"} of the same look`,
  ].filter(Boolean).join(", ");
}

/** Photos of one look, each with what is not as in the first of them and with its files. */
export function GroupPhotos({ first, photos, now }: {
  first: CopyPhoto;
  photos: CopyPhoto[];
  now: Date;
}) {
  return (
    <ul class="alike">
      {photos.map((photo) => (
        <li>
          <Thumb photo={photo} />
          <div>
            <p class="look">
              <span>{lookWords(photo)}</span>
              {photo !== first && <span class="tag">{LIKENESS_WORDS[photo.likeness]}</span>}
            </p>
            {photo !== first && <p class="differs">{differenceWords(first, photo).join(" · ")}</p>}
            <Files photo={photo} now={now} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function Thumb({ photo }: { photo: CopyPhoto }) {
  return (
    <a href={`/photos/${photo.id}`} class="alike-thumb">
      <img
        src={`/api/v1/photos/${photo.id}/thumbnail`}
        alt={nameOf(photo)}
        width="112"
        height="112"
        loading="lazy"
        decoding="async"
      />
    </a>
  );
}

const nameOf = ({ files: [file], id }: CopyPhoto) => file ? fileName(file.path) : `Photo ${id}`;

/** Files of the same bytes, with what each has of its own. */
function Files({ photo, now }: { photo: CopyPhoto; now: Date }) {
  const { files, moreFiles } = photo;
  return (
    <ul class="places">
      {files.map((file, index) => (
        <li>
          <p class="path">{file.path}</p>
          <p class="facts">
            <span>{bytes(file.size)}</span>
            <span>
              changed <Time at={new Date(file.mtimeMs)} now={now} />
            </span>
            {index > 0 && <b>{placeWords(files[0].path, file.path)}</b>}
            {file.missing && <span class="failed">no longer there</span>}
          </p>
        </li>
      ))}
      {files.length === 0 && <li class="muted">No file of it is known any more.</li>}
      {moreFiles && <li class="muted">There are more files of the same bytes.</li>}
    </ul>
  );
}

/** What unfolds under a photo in a grid: its duplicates, and where else its own bytes are. */
export function CopiesFragment({ group, now }: { group: CopyGroup; now: Date }) {
  const [photo, ...others] = group.photos;
  const further = photo.files.slice(1);
  return (
    <>
      {others.length > 0 && (
        <ul class="photos copies" aria-label={`Duplicates of ${nameOf(photo)}`}>
          {others.map((other) => (
            <li>
              <Thumb photo={other} />
              <p>
                <b>{LIKENESS_WORDS[other.likeness]}</b> {differenceWords(photo, other).join(" · ")}
              </p>
              {other.files.map((file) => <FilePath file={file} />)}
            </li>
          ))}
        </ul>
      )}
      {further.length > 0 && (
        <ul class="places" aria-label={`Further files of ${nameOf(photo)}`}>
          {further.map((file) => (
            <li>
              <FilePath file={file} />{" "}
              <small class="muted">
                {placeWords(photo.files[0].path, file.path)}, {bytes(file.size)}, changed{" "}
                <Time at={new Date(file.mtimeMs)} now={now} />
              </small>
            </li>
          ))}
        </ul>
      )}
      {others.length === 0 && further.length === 0 && (
        <p class="muted">There are no copies of this photo.</p>
      )}
    </>
  );
}

function FilePath({ file }: { file: ItemFile }) {
  return (
    <p class="path">
      {file.path}
      {file.missing && " "}
      {file.missing && <span class="failed">(no longer there)</span>}
    </p>
  );
}
