import { sql } from "drizzle-orm";
import fc from "fast-check";
import type { Db } from "../client.ts";
import { insertFace, insertPerson, insertPhoto, MODEL, showModel } from "../people_testing.ts";
import { files, jobs, photos, type SessionKind, sessions } from "../schema.ts";
import { DRAWN } from "../shown_faces.ts";
import type { PhotoFilter } from "./types.ts";

/** Small libraries and filters at random, and what passes by plain reading of the rules. */

/** All others are numbers of entries: 0, 1, … */
export interface RandomLibrary {
  photos: {
    size: [number, number];
    format: string;
    takenAt: string | null;
    camera: string | null;
    rating: number | null;
    /** A duplicate of the photo before it, or of whom that represents. */
    duplicate: boolean;
  }[];
  files: { folder: string; photo: number | null; missing: boolean }[];
  faces: { photo: number; model: string; person: number | null; notAFace: boolean }[];
  jobs: { session: number; phase: "training" | "face_detection" | "clustering"; subject: number }[];
}

export const PEOPLE = 4;
/** Kinds of the runs; the last is being deleted. */
const RUNS: SessionKind[] = ["folders", "faces", "models", "folders"];
export const GONE = 999_999;

/** Neighbours of "/a/b" in the order of bytes, and names that mean something in patterns. */
export const FOLDERS = [
  ...["/", "/a", "/a/b", "/a/b/c", "/a/bc", "/a/b0", "/a/b.", "/a/b c", "/a/b%", "/a/b_", "/a/b\\"],
  ...["/a/b\nc", "/a/b\nc/d", "/ä", "/a/🙂", "/a/\uFFFD", "/A/B", "/a/b/c/d/e/f", "/a/'; --"],
];
const TIMES = [
  ...["2019-12-31T23:59:59", "2020-01-01T00:00:00", "2020-06-15T12:00:00", "2021-01-01T00:00:00"],
];
const CAMERAS = ["Canon EOS R5", "canon eos r5", "Pixel %", ""];
const FORMATS = ["jpeg", "png", "heic"];
const time = fc.constantFrom(...TIMES);
/** The pairs around a side that is 2 % longer. */
const SIZES: [number, number][] = [
  ...[[1, 1], [1000, 1020], [1020, 1000], [1000, 1021], [1021, 1000], [40, 30], [30, 40]] as const,
].map(([width, height]) => [width, height]);

const below = (count: number) => fc.nat({ max: count - 1 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

export const randomLibrary: fc.Arbitrary<RandomLibrary> = fc.record({
  photos: fc.array(
    fc.record({
      size: fc.constantFrom(...SIZES),
      format: fc.constantFrom(...FORMATS),
      takenAt: maybe(time),
      camera: maybe(fc.constantFrom(...CAMERAS)),
      rating: maybe(fc.integer({ min: -1, max: 5 })),
      duplicate: fc.constantFrom(true, false, false),
    }),
    { minLength: 4, maxLength: 14 },
  ),
  files: fc.array(
    fc.record({
      folder: fc.constantFrom(...FOLDERS),
      photo: fc.option(below(10), { nil: null, freq: 9 }),
      missing: fc.constantFrom(false, false, false, true),
    }),
    { minLength: 6, maxLength: 24 },
  ),
  faces: fc.array(
    fc.record({
      photo: below(10),
      model: fc.constantFrom(MODEL, MODEL, DRAWN, "other"),
      person: maybe(below(PEOPLE)),
      notAFace: fc.constantFrom(false, false, true),
    }),
    { maxLength: 30 },
  ),
  jobs: fc.array(
    fc.record({
      session: below(RUNS.length),
      phase: fc.constantFrom("training", "face_detection", "clustering"),
      subject: below(14),
    }),
    { maxLength: 14 },
  ),
});

const bounds = (min: number, max: number) => {
  const side = maybe(fc.integer({ min, max }));
  return fc.record({ min: side, max: side });
};
const some = <T>(...values: T[]) => fc.uniqueArray(fc.constantFrom(...values), { maxLength: 3 });
const whom = fc.uniqueArray(fc.constantFrom(0, 0, 1, 1, 2, 3, GONE), { maxLength: 2 });

/** Ids of people and runs are numbers of entries, as in the library. */
export const randomFilter: fc.Arbitrary<PhotoFilter> = fc.shuffledSubarray(
  [
    fc.record({ people: fc.record({ all: whom, any: whom, none: whom }) }),
    fc.record({ folder: fc.constantFrom(...FOLDERS, "/a/b/", "/a/b//", "/nowhere") }),
    fc.record({ taken: fc.record({ from: maybe(time), to: maybe(time) }) }),
    fc.record({ cameras: some(...CAMERAS, "no such") }),
    fc.record({ orientation: fc.constantFrom("landscape", "portrait", "square") }),
    fc.record({ faces: bounds(0, 4) }),
    fc.record({ rating: bounds(-1, 5) }),
    fc.record({ formats: some(...FORMATS, "bmp") }),
    fc.record({ sessionId: fc.constantFrom(0, 0, 1, 1, 2, 3, GONE) }),
  ] as fc.Arbitrary<PhotoFilter>[],
  // Of nine parts at once nothing would ever pass.
  { minLength: 1, maxLength: 2 },
).chain((parts) => fc.tuple(...parts)).map((parts) => Object.assign({}, ...parts));

/** What the entries became. */
export interface Stored {
  photos: number[];
  people: number[];
  sessions: number[];
}

/** The library in an otherwise empty database. */
export async function store(db: Db, library: RandomLibrary): Promise<Stored> {
  await db.execute(sql`truncate photos, files, faces, people, jobs, sessions cascade`);
  await showModel(db);
  const ids: number[] = [];
  for (
    const [index, { size: [width, height], duplicate: _, ...photo }] of library.photos.entries()
  ) {
    const head = headOf(library, index);
    const representativeId = head === index ? null : ids[head];
    const id = await insertPhoto(db, { takenAt: photo.takenAt, representativeId });
    await db.update(photos).set({ ...photo, width, height }).where(sql`id = ${id}`);
    ids.push(id);
  }
  const fileIds: number[] = [];
  for (const [index, { folder, photo, missing }] of library.files.entries()) {
    const [{ id }] = await db.insert(files).values({
      path: pathOf(folder, index),
      size: 1,
      mtimeMs: 1,
      photoId: photo === null ? null : ids[photo] ?? null,
      missingAt: missing ? new Date() : null,
    }).returning({ id: files.id });
    fileIds.push(id);
  }
  const people: number[] = [];
  for (let index = 0; index < PEOPLE; index++) {
    // The last one is a stranger, whom filters find all the same.
    people.push((await insertPerson(db, { name: `P${index}`, hidden: index === 3 })).id);
  }
  for (const { photo, model, person, notAFace } of library.faces) {
    if (photo >= ids.length) continue;
    const personId = person === null ? null : people[person];
    await insertFace(db, { photoId: ids[photo], model, personId, notAFace });
  }
  const runs = await db.insert(sessions).values(RUNS.map((kind, index) => ({
    name: `S${index}`,
    rootPath: "/a",
    subdirectories: ["b"],
    kind,
    deletedAt: index === RUNS.length - 1 ? new Date() : null,
  }))).returning({ id: sessions.id });
  for (const { session, phase, subject } of library.jobs) {
    const id = (phase === "training" ? fileIds : ids)[subject];
    if (id === undefined) continue;
    await db.insert(jobs).values({ sessionId: runs[session].id, phase, subject: id })
      .onConflictDoNothing();
  }
  return { photos: ids, people, sessions: runs.map(({ id }) => id) };
}

/** The filter by ids of the database. */
export function storedFilter(filter: PhotoFilter, { people, sessions }: Stored): PhotoFilter {
  const ids = (of: number[]) => of.map((person) => people[person] ?? GONE);
  const { people: asked, sessionId } = filter;
  return {
    ...filter,
    ...asked && { people: { all: ids(asked.all), any: ids(asked.any), none: ids(asked.none) } },
    ...sessionId !== undefined && { sessionId: sessions[sessionId] ?? GONE },
  };
}

/** Numbers of the photos that pass, newest first: each rule as one reads it, and no quicker. */
export function passing(library: RandomLibrary, filter: PhotoFilter): number[] {
  return library.photos.map((_, index) => index)
    .filter((index) => headOf(library, index) === index && passes(library, { filter, index }))
    .sort((a, b) => {
      const [first, second] = [a, b].map((index) => library.photos[index].takenAt ?? "");
      return first === second ? b - a : first < second ? 1 : -1;
    });
}

function passes(
  library: RandomLibrary,
  { filter, index }: { filter: PhotoFilter; index: number },
): boolean {
  const photo = library.photos[index];
  const family = library.photos.map((_, other) => other)
    .filter((other) => headOf(library, other) === index);
  const held = library.files.map((file, number) => ({ ...file, path: pathOf(file.folder, number) }))
    .filter((file) => file.photo !== null && family.includes(file.photo) && !file.missing);
  if (held.length === 0) return false;
  const { people, folder, taken, cameras, orientation, faces, rating, formats, sessionId } = filter;
  const seen = library.faces.filter((face) =>
    face.photo === index && (face.model === MODEL || face.model === DRAWN) && !face.notAFace
  );
  const shows = (person: number) => seen.some((face) => face.person === person);
  if (people && !people.all.every(shows)) return false;
  if (people && people.any.length > 0 && !people.any.some(shows)) return false;
  if (people && people.none.some(shows)) return false;
  if (folder !== undefined) {
    const names = folder.split("/").filter((name) => name !== "");
    const isBelow = (path: string) => {
      const its = path.split("/").slice(1);
      return its.length > names.length && names.every((name, level) => its[level] === name);
    };
    if (!held.some(({ path }) => isBelow(path))) return false;
  }
  if (taken && (taken.from !== null || taken.to !== null)) {
    const at = photo.takenAt;
    if (at === null || (taken.from !== null && at < taken.from)) return false;
    if (taken.to !== null && at >= taken.to) return false;
  }
  if (cameras?.length && !cameras.includes(photo.camera ?? "?")) return false;
  if (formats?.length && !formats.includes(photo.format)) return false;
  if (orientation && orientation !== shapeOf(photo.size)) return false;
  if (!within(seen.length, faces) || !within(photo.rating ?? 0, rating)) return false;
  return sessionId === undefined ||
    library.jobs.some(({ session, phase, subject }) =>
      session === sessionId && session < RUNS.length - 1 &&
      (phase === "training"
        ? family.includes(library.files[subject]?.photo ?? -1)
        : phase === "face_detection" && family.includes(subject))
    );
}

/** The photo that represents this one; the first represents itself. */
function headOf(library: RandomLibrary, index: number): number {
  return index > 0 && library.photos[index].duplicate ? headOf(library, index - 1) : index;
}

const pathOf = (folder: string, file: number): string =>
  `${folder === "/" ? "" : folder}/${file}.jpg`;

function shapeOf([width, height]: [number, number]): string {
  const longer = Math.max(width, height) / Math.min(width, height);
  return longer <= 1.02 ? "square" : width > height ? "landscape" : "portrait";
}

const within = (
  value: number,
  bounds: { min: number | null; max: number | null } | undefined,
): boolean => value >= (bounds?.min ?? -Infinity) && value <= (bounds?.max ?? Infinity);
