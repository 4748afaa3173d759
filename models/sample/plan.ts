import { characters } from "./characters.ts";
import type { Picture } from "./paint.ts";
import { between, makeRandom, pick, type Random } from "./random.ts";
import { moods } from "./portrait.ts";
import type { SceneName } from "./scenes.ts";

export type Format = "jpeg" | "png" | "webp" | "tiff" | "gif";

/** A picture of the library: what to paint, and the file it becomes. */
export interface PlannedPicture extends Picture {
  path: string;
  format: Format;
  /** EXIF orientation: 1, or 3, 6, 8 for pixels stored turned. */
  orientation: 1 | 3 | 6 | 8;
  /** EXIF date, `YYYY-MM-DDTHH:MM:SS`, or null: not every file has one. */
  takenAt: string | null;
}

/** Pictures of one folder: scenes without people, or one to four people in front of them. */
interface Album {
  folder: string;
  year: number;
  scenes: SceneName[];
  count: number;
  people?: number[];
}

const albums: Album[] = [
  { folder: "holidays/2019 sea", year: 2019, scenes: ["sea", "sea", "sunset"], count: 22 },
  {
    folder: "holidays/2021 mountains",
    year: 2021,
    scenes: ["snow", "sky", "snow", "forest"],
    count: 20,
  },
  { folder: "holidays/2022 desert", year: 2022, scenes: ["desert", "sunset", "sky"], count: 9 },
  { folder: "walks", year: 2020, scenes: ["forest", "meadow", "autumn", "sky"], count: 28 },
  { folder: "evenings", year: 2023, scenes: ["night", "sunset", "lights", "night"], count: 20 },
  { folder: "town", year: 2018, scenes: ["town", "lights"], count: 12 },
  {
    folder: "family/portraits",
    year: 2021,
    scenes: ["meadow", "sea", "autumn", "town", "snow", "forest", "sky"],
    count: 40,
    people: [1],
  },
  {
    folder: "family/together",
    year: 2022,
    scenes: ["sea", "meadow", "snow", "autumn", "town", "sky", "desert"],
    count: 22,
    people: [2, 3, 4, 2, 3],
  },
];

/** Every fiftieth picture is in each of these formats. */
const rarer: Record<number, Format> = { 9: "png", 21: "webp", 33: "tiff", 45: "gif" };

const sizes = [
  [1200, 800],
  [1200, 800],
  [1280, 960],
  [1200, 800],
  [1440, 960],
  [800, 1200],
  [1200, 900],
  [1200, 800],
  [1600, 1067],
  [1200, 675],
  [900, 1200],
];

/** Every picture that is painted, in the order of the files' modification times. */
export function planPictures(): PlannedPicture[] {
  const random = makeRandom(20190704);
  const planned: PlannedPicture[] = [];
  let cast = 0;
  for (const album of albums) {
    for (let i = 0; i < album.count; i++) {
      const count = album.people === undefined ? 0 : album.people[i % album.people.length];
      const names = Array.from(
        { length: count },
        () => characters[cast++ % characters.length].name,
      );
      planned.push(planOne(random, album, { number: i, total: planned.length, names }));
    }
  }
  return [...planned, ...awkwardNames(random, planned.length)];
}

function planOne(
  random: Random,
  album: Album,
  { number, total, names }: { number: number; total: number; names: string[] },
): PlannedPicture {
  const large = total % 41 === 17;
  const [width, height] = large
    ? [2400, 1600]
    : names.length > 2
    ? [1440, 960]
    : sizes[total % sizes.length];
  const format: Format = rarer[total % 50] ?? "jpeg";
  const jpeg = pick(random, ["jpg", "jpg", "jpg", "JPG", "jpeg"]);
  // Number 59 is a PNG under a JPEG's name: a fine photo all the same.
  const extension = total === 59
    ? "jpg"
    : { jpeg, png: "png", webp: "webp", tiff: "tif", gif: "gif" }[format];
  const name = `IMG_${String(1000 + total * 7 % 9000).padStart(4, "0")}`;
  const turned = format === "jpeg" && total % 16 === 5;
  return {
    path: `${album.folder}/${name}.${extension}`,
    format,
    width: format === "gif" ? width / 2 : width,
    height: format === "gif" ? height / 2 : height,
    scene: album.scenes[number % album.scenes.length],
    seed: 7001 + total * 131,
    orientation: turned ? ([6, 8, 3] as const)[Math.floor(total / 16) % 3] : 1,
    takenAt: format === "jpeg" && total % 9 !== 4 ? date(random, album.year, number) : null,
    light: names.length > 0 ? light(random) : [1, 1, 1],
    people: placePeople(
      random,
      names,
      format === "gif" ? [width / 2, height / 2] : [width, height],
    ),
  };
}

/** Dim to bright, a little warm or cold. */
function light(random: Random): [number, number, number] {
  const gain = between(random, [0.9, 1.04]);
  const warmth = between(random, [-0.03, 0.03]);
  return [gain * (1 + warmth), gain, gain * (1 - warmth)];
}

/** People side by side, heads in the upper half, each tilted a little. */
function placePeople(
  random: Random,
  names: string[],
  [width, height]: number[],
): Picture["people"] {
  const slot = width / names.length;
  const largest = Math.min(height * 0.17, width * 0.17, slot / 4.2);
  return names.map((name, i) => ({
    name,
    pose: {
      x: slot * (i + 0.5 + between(random, [-0.07, 0.07]) / Math.sqrt(names.length)),
      y: height * between(random, [0.4, 0.5]),
      eyes: largest * between(random, names.length === 1 ? [0.45, 1] : [0.78, 1]),
      tilt: between(random, [-11, 11]),
      mood: pick(random, moods),
    },
  }));
}

function date(random: Random, year: number, number: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const day = between(random, [1, 28]);
  return `${year}-${two(1 + number * 5 % 12)}-${two(day)}T${two(between(random, [7, 22]))}:${
    two(random() * 60)
  }:${two(random() * 60)}`;
}

/** Names that break programs which quote, split or decode carelessly. */
const awkward = [
  `O'Brien's "best" shot.jpg`,
  "two\nlines.jpg",
  "🏖️ beach 🌅.jpg",
  "-rf.jpg",
  "100% sure %2F %00.jpg",
  "<script>alert(1).jpg",
  "Straße – 東京 – عطلة.jpg",
  "; echo $HOME `id` & back\\slash.jpg",
  " spaces at both ends .jpg",
  `${"a very long name ".repeat(14).trim()}.jpg`,
];

function awkwardNames(random: Random, total: number): PlannedPicture[] {
  const scenes: SceneName[] = ["town", "meadow", "sea", "night", "snow", "autumn"];
  const album = { folder: "odd names", year: 2024, scenes, count: awkward.length };
  return awkward.map((name, number) => ({
    ...planOne(random, album, { number, total: total + number, names: [] }),
    path: `${album.folder}/${name}`,
    format: "jpeg",
    orientation: 1,
  }));
}
