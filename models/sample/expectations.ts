import { planCopies } from "./copies.ts";
import { type FaultKind, faults } from "./faults.ts";
import { flatColours, flatPath } from "./flat.ts";
import { type PlannedPicture, planPictures } from "./plan.ts";
import { faceBox } from "./portrait.ts";
import type { SceneName } from "./scenes.ts";

/** A file of the sample library and what a correct run must make of it. */
export interface SampleFile {
  /** Below the library's folder, with slashes. */
  path: string;
  kind: "photo" | "exact_copy" | "near_copy" | FaultKind;
  /** Of a copy: the file it repeats, which represents it. */
  of?: string;
  scene?: SceneName;
  /** Of a picture of one colour: the colour's name. */
  colour?: string;
  /** Who is in a photo, from left to right, and the boxes around their faces (x, y, width, height, 0…1). */
  characters?: string[];
  boxes?: [number, number, number, number][];
}

export interface SampleManifest {
  files: SampleFile[];
}

/**
 * What is in the sample library and what must be found there, without making it. Files are in the
 * order of their modification times, so a copy comes after what it repeats.
 */
export function sampleExpectations(): SampleManifest {
  const pictures = planPictures();
  const copies = planCopies(pictures.map(({ path }) => path));
  return {
    files: [
      ...pictures.map(photo),
      ...flatColours.map(([name]): SampleFile => ({
        path: flatPath(name),
        kind: "photo",
        colour: name,
      })),
      ...copies.map(({ path, of, change }): SampleFile => ({
        path,
        of,
        kind: change === "none" ? "exact_copy" : "near_copy",
      })),
      ...faults.map(({ path, kind }): SampleFile => ({ path, kind })),
    ],
  };
}

function photo({ path, scene, people, width, height }: PlannedPicture): SampleFile {
  const file: SampleFile = { path, kind: "photo", scene };
  if (people.length === 0) return file;
  const boxes = people.map(({ pose }): [number, number, number, number] => {
    const [x, y, w, h] = faceBox(pose);
    return [x / width, y / height, w / width, h / height];
  });
  return { ...file, characters: people.map(({ name }) => name), boxes };
}
