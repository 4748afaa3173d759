import type { Child } from "hono/jsx";
import { Layout } from "./layout.tsx";

/** A number somebody may set, and what it does. */
export interface RunField {
  name: string;
  label: string;
  hint: string;
  least: number;
  most: number;
}

/** What has been filled in so far. */
export interface RunForm {
  values: Record<string, string>;
  /** Faces again: the session whose pictures it is about; "" is the whole library. */
  over: string;
  /** Faces again: group afterwards. */
  group: boolean;
}

/** What decides whether something is a face. */
export const FACE_FIELDS: RunField[] = [
  {
    name: "minConfidence",
    label: "Minimum confidence",
    hint: "How sure the detector must be, from 0 to 1. Lower finds more faces, and more things " +
      "that are none.",
    least: 0,
    most: 1,
  },
  {
    name: "minFaceSize",
    label: "Smallest face, in pixels",
    hint: "Measured in the preview, whose longer side is 1440 pixels. Larger leaves out the " +
      "faces in the background.",
    least: 1,
    most: 1440,
  },
];

/** What decides which faces are one person. */
export const CLUSTERING_FIELDS: RunField[] = [
  {
    name: "minClusterSize",
    label: "Fewest faces of a person",
    hint: "So many faces that look alike make a person; fewer stay ungrouped. A whole number, " +
      "2 or more.",
    least: 2,
    most: 10_000,
  },
  {
    name: "similarityFloor",
    label: "Least similarity",
    hint: "Faces less alike than this, from 0 to below 1, are never joined. Higher keeps people " +
      "apart that were mixed, lower joins a person that fell into several. Empty: the value that " +
      "comes with the face model, 0.5 for the built-in one and mostly 0.4 for others.",
    least: 0,
    most: 0.99,
  },
  {
    name: "minQuality",
    label: "Least quality",
    hint: "Size, sharpness and pose of a face in one figure, from 0 to 1. Faces below it stay " +
      "ungrouped, so that blurred ones do not tie strangers together.",
    least: 0,
    most: 1,
  },
];

/** The form before faces are looked for again; sent back with `error` if a value cannot be used. */
export function FaceRunPage({ session, form, error }: {
  /** The session somebody came from, if its pictures can be told from the library's. */
  session: { id: number; name: string } | null;
  form: RunForm;
  error: string | null;
}) {
  return (
    <Frame title="Find faces again" error={error}>
      <p class="lead">
        Looks for faces once more in pictures that were read before; the originals are not read
        again.
      </p>
      <form method="post" action={session ? `/runs/faces?session=${session.id}` : "/runs/faces"}>
        <fieldset class="options">
          <legend>Where to look</legend>
          {session && (
            <Choice value={String(session.id)} form={form}>
              The pictures of “{session.name}”
            </Choice>
          )}
          <Choice value="" form={form}>The whole library</Choice>
        </fieldset>
        <fieldset class="options">
          <legend>What counts as a face</legend>
          {FACE_FIELDS.map((field) => <Field field={field} value={form.values[field.name]} />)}
        </fieldset>
        <label class="check">
          <input type="checkbox" name="group" value="yes" checked={form.group} />{" "}
          Group the faces of the library again afterwards
        </label>
        <Buttons title="Find faces again" back={session} />
        <p class="facts">
          A face that is found again keeps its group; one that is not found any more leaves the
          library. Other pictures are not touched.
        </p>
      </form>
    </Frame>
  );
}

/** The form before all faces are grouped again; the same with `error`. */
export function ClusteringRunPage({ session, form, error }: {
  /** The session somebody came from. */
  session: { id: number; name: string } | null;
  form: RunForm;
  error: string | null;
}) {
  return (
    <Frame title="Group faces again" error={error}>
      <p class="lead">
        Groups all faces of the library once more, whatever session found them; no picture is looked
        at again.
      </p>
      <form
        method="post"
        action={session ? `/runs/clustering?session=${session.id}` : "/runs/clustering"}
      >
        <fieldset class="options">
          <legend>What makes a person</legend>
          {CLUSTERING_FIELDS.map((field) => (
            <Field
              field={field}
              value={form.values[field.name]}
            />
          ))}
        </fieldset>
        <Buttons title="Group faces again" back={session} />
        <p class="facts">
          A person who is mostly the same afterwards stays the same person. The next session over
          folders groups by the usual values again.
        </p>
      </form>
    </Frame>
  );
}

function Frame({ title, error, children }: {
  title: string;
  error: string | null;
  children?: Child;
}) {
  return (
    <Layout title={title} place="people">
      <p class="crumbs">
        <a href="/people">People</a>
      </p>
      <h1>{title}</h1>
      {error && <p class="fault" role="alert">{error}</p>}
      {children}
    </Layout>
  );
}

function Choice({ value, form, children }: { value: string; form: RunForm; children?: Child }) {
  return (
    <label class="check">
      <input type="radio" name="over" value={value} checked={form.over === value} />{" "}
      <span>{children}</span>
    </label>
  );
}

function Field({ field, value }: { field: RunField; value: string }) {
  const { name, label, hint, least, most } = field;
  return (
    <div class="figure-field">
      <label class="field" for={name}>{label}</label>
      <input
        type="number"
        id={name}
        name={name}
        value={value}
        min={least}
        max={most}
        step={least < 1 ? "any" : 1}
        inputmode="decimal"
        aria-describedby={`${name}-hint`}
      />
      <p class="facts" id={`${name}-hint`}>{hint}</p>
    </div>
  );
}

function Buttons({ title, back }: { title: string; back: { id: number } | null }) {
  return (
    <p class="actions">
      <button type="submit" class="primary">{title}</button>
      <a class="button" href={back ? `/sessions/${back.id}` : "/people"}>Leave it</a>
    </p>
  );
}
