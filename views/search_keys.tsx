import { KeyHelp, type Keys } from "./key_help.tsx";

const KEYS: Keys = [
  [["/"], "goes to the box"],
  [["↓"], "from the box to the photos"],
  [["←", "→", "↑", "↓"], "go from photo to photo"],
  [["Home", "End"], "the first photo, the last one shown"],
  [["Enter"], "opens the photo"],
  [["M"], "more like this photo"],
  [["D"], "unfolds its duplicates"],
  [["Esc"], "back to the box"],
];

/** Keys of the grid; shown by search.js, since without it there are none. */
export const SearchKeys = () => (
  <KeyHelp id="grid-keys" keys={KEYS} always="arrow keys, Enter and Esc" />
);
