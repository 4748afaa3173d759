/** `#rrggbb` as three numbers 0…255. */
export function rgb(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}

/** The colour made darker (factor below 1) or lighter (above 1: towards white). */
export function shade(hex: string, factor: number): string {
  return toHex(rgb(hex).map((v) => factor <= 1 ? v * factor : v + (255 - v) * (factor - 1)));
}

/** The colour `share` of the way from one to the other. */
export function mix([from, to]: [string, string], share: number): string {
  const end = rgb(to);
  return toHex(rgb(from).map((value, i) => value + (end[i] - value) * share));
}

function toHex(values: number[]): string {
  const byte = (value: number) => Math.round(Math.min(255, Math.max(0, value)));
  return `#${values.map((value) => byte(value).toString(16).padStart(2, "0")).join("")}`;
}
