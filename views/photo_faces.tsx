import type { FaceBox } from "../db/photo_queries.ts";
import { Crop } from "./crops.tsx";
import { Deed, NameField } from "./deed.tsx";
import type { Keys } from "./key_help.tsx";
import type { Frame } from "./people_view.ts";
import { certainty, clusterName, personName, whom } from "./people_words.ts";

export const PHOTO_KEYS: Keys = [
  [["←", "→"], "go to the photos before and after"],
  [["↑", "↓"], "go from face to face"],
  [["Enter"], "goes to the name field of the face"],
  [["Y", "N"], "it is this person, it is not"],
  [["F"], "not a face"],
  [["A"], "adds a face: draw it, or move the box with the arrow keys"],
];

const place = ({ personId, clusterId }: FaceBox): string | null =>
  personId !== null ? `/people/${personId}` : clusterId !== null ? `/clusters/${clusterId}` : null;

/** Whose face it is, as far as anybody knows. */
function whose({ personId, personName: name, clusterId }: FaceBox): string {
  if (personId !== null) return personName({ id: personId, name });
  return clusterId === null ? "unknown" : clusterName(clusterId);
}

/**
 * Boxes over the picture: attributes of SVG, since inline styles are forbidden here. The names are in
 * a drawing without a scale of its own, so that they are as large as other text on every screen.
 */
export function FaceBoxes({ faces, width, height }: {
  faces: FaceBox[];
  width: number;
  height: number;
}) {
  return (
    <>
      <svg class="boxes" viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Faces">
        {faces.map((face, index) => {
          const [x, y, w, h] = face.box;
          const box = (
            <rect x={x * width} y={y * height} width={w * width} height={h * height} rx="4" />
          );
          const label = `Face ${index + 1}: ${whose(face)}`;
          const to = place(face);
          return to === null
            ? <g role="img" aria-label={label}>{box}</g>
            : <a href={to} aria-label={label}>{box}</a>;
        })}
      </svg>
      <svg class="boxes names" aria-hidden="true" data-draw>
        {faces.map((face, index) => {
          const [x, y, w, h] = face.box;
          const below = y + h < 0.93;
          return (
            <text
              x={percent(x + w / 2)}
              y={percent(below ? y + h : y)}
              dy={below ? "1.25em" : "-.5em"}
              text-anchor="middle"
            >
              {face.personName ?? `${index + 1}`}
            </text>
          );
        })}
        <rect class="drawn" rx="4" hidden />
      </svg>
    </>
  );
}

const percent = (share: number) => `${Math.round(share * 10_000) / 100}%`;

/** The faces of a photo, each with whose it is and what can be said about it. */
export function PhotoFaces({ faces, frame }: { faces: FaceBox[]; frame: Frame }) {
  if (faces.length === 0) return null;
  return (
    <ol class="photo-faces" aria-label="Faces in this photo">
      {faces.map((face, index) => <PhotoFace face={face} index={index} frame={frame} />)}
    </ol>
  );
}

function PhotoFace({ face, index, frame: { here } }: {
  face: FaceBox;
  index: number;
  frame: Frame;
}) {
  const { id, personId, confirmed } = face;
  const [name, to, which] = [whose(face), place(face), `face ${index + 1}`];
  const them = whom({ name: face.personName });
  return (
    <li id={`face-${id}`} data-row>
      <div
        class="photo-face"
        id={`whole-face-${id}`}
        data-item
        role="group"
        aria-label={`Face ${index + 1}: ${name}`}
      >
        <Crop faceId={id} size={72} />
        <div>
          <p>
            <span class="muted">{index + 1}</span>{" "}
            {to === null ? <span class="muted">Nobody known</span> : <a href={to}>{name}</a>}{" "}
            {personId !== null && <small class="muted">{certainty(face)}</small>}
          </p>
          <Deed to="/faces/name" here={here} id={`face-${id}-form`} class="tools">
            <input type="hidden" name="faceId" value={id} />
            <input type="hidden" name="owner" value={personId ?? ""} />
            <span class="naming">
              <NameField
                id={`face-${id}-name`}
                title={personId === null ? `Name of ${which}` : `Who ${which} is instead`}
                placeholder={personId === null ? "Who is this?" : "Somebody else…"}
              />
              <button type="submit">Name</button>
            </span>
            {personId !== null && !confirmed && (
              <button type="submit" formaction="/faces/confirm" formnovalidate data-key="y">
                Yes, {them}
              </button>
            )}
            {personId !== null && (
              <button
                type="submit"
                formaction="/faces/release"
                formnovalidate
                class="quiet"
                data-key="n"
              >
                Not {them}
              </button>
            )}
            <button
              type="submit"
              formaction="/faces/remove"
              formnovalidate
              class="quiet"
              data-key="f"
              aria-label={`Not a face: ${which}`}
            >
              Not a face
            </button>
          </Deed>
        </div>
      </div>
    </li>
  );
}

const SIDES = [["x", "Left", 40], ["y", "Top", 35], ["width", "Width", 20], [
  "height",
  "Height",
  30,
]] as const;

/** A face that was not found: drawn over the picture, or by figures, in per cent of the picture. */
export function AddFace({ photoId, frame: { here } }: { photoId: number; frame: Frame }) {
  return (
    <details class="fold add-face" id="add-face">
      <summary data-key="a">Add a face</summary>
      <Deed to="/faces/draw" here={here} id="draw-form">
        <input type="hidden" name="photoId" value={photoId} />
        <p class="muted">
          Draw a box around it in the picture, or set its place here, in per cent of the picture.
        </p>
        <div class="sides">
          {SIDES.map(([name, title, value]) => (
            <label>
              <span>{title}</span>
              <input
                type="number"
                name={name}
                min={name === "width" || name === "height" ? "0.5" : "0"}
                max="100"
                step="0.1"
                value={value}
                required
                data-side={name}
              />
            </label>
          ))}
        </div>
        <div class="naming">
          <NameField id="draw-name" title="Name of the drawn face" />
          <button type="submit" class="primary">Add</button>
        </div>
      </Deed>
    </details>
  );
}
