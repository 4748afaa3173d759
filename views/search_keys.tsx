import type { Keys } from "./people_layout.tsx";

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
export function SearchKeys() {
  return (
    <details class="keys" id="grid-keys" hidden>
      <summary>Keys</summary>
      <dl>
        {KEYS.map(([names, does]) => (
          <div>
            <dt>{names.map((name) => <kbd>{name}</kbd>)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" id="keys-on" checked autocomplete="off" />
        <span>Use keys of one letter; arrow keys, Enter and Esc always work</span>
      </label>
    </details>
  );
}
