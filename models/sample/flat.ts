/** Pictures of one colour, named for it: nothing in them but what a word can say. */
export const flatColours: readonly [name: string, hex: string][] = [
  ["red", "#d11a1a"],
  ["orange", "#f58216"],
  ["yellow", "#f7d716"],
  ["green", "#1f9a38"],
  ["turquoise", "#1fb5ad"],
  ["blue", "#1a4fd1"],
  ["purple", "#7a2fb0"],
  ["pink", "#f58bb8"],
  ["brown", "#7a4a22"],
  ["black", "#0c0c0c"],
  ["white", "#fbfbfb"],
  ["grey", "#868686"],
];

/** Where the picture of that colour lies in the library. */
export function flatPath(name: string): string {
  return `colours/${name}.${name.length % 2 === 0 ? "png" : "jpg"}`;
}
