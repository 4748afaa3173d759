import { Buffer } from "node:buffer";
import type { Shot } from "./types.ts";

/**
 * Milliseconds since 1970 that a local time, `YYYY-MM-DDTHH:MM:SS`, would be in UTC; null if there
 * is no such time or no photograph was as old (1826).
 */
export function instant(time: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(time)) return null;
  const date = new Date(`${time}Z`);
  const real = !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 19) === time;
  return real && date.getUTCFullYear() >= 1826 ? date.getTime() : null;
}

/** Minutes of an offset from UTC, `+02:00`, from −12 to +14 hours; else null. */
export function minutesOf(offset: string): number | null {
  if (offset === "Z") return 0;
  const parts = offset.match(/^([+-])(\d\d):?(\d\d)$/);
  if (!parts || Number(parts[3]) > 59) return null;
  const minutes = Number(`${parts[1]}1`) * (Number(parts[2]) * 60 + Number(parts[3]));
  // Minus zero is a zero.
  return minutes >= -720 && minutes <= 840 ? minutes + 0 : null;
}

/** "NIKON CORPORATION" + "NIKON D850" is one Nikon: the maker is left out where the model has it. */
export function cameraName(maker: string, model: string): string | null {
  const brand = maker.split(" ")[0].toLowerCase();
  const full = model.toLowerCase().startsWith(brand) ? model : `${maker} ${model}`;
  return full.trim().slice(0, 100) || null;
}

/** The name of a lens; null for what bodies write when they know none ("----", "0.0 mm f/0.0"). */
export const lensName = (words: string): string | null =>
  /^(?:[-\s]*|(?:0\.?0* ?mm.*)|none|n\/a|unknown.*)$/i.test(words) ? null : words.slice(0, 100);

/** Both coordinates, or neither: of a place that cannot be, and of 0° 0°, which is written for none. */
export function place(
  latitude: number,
  longitude: number,
): Pick<Shot, "latitude" | "longitude"> {
  const there = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 &&
    (latitude !== 0 || longitude !== 0);
  return there ? { latitude, longitude } : { latitude: null, longitude: null };
}

/** Stars from −1 (rejected) to 5, or null. */
export function stars(value: unknown): number | null {
  const rating = typeof value === "number" ? value : Number(words(value) || NaN);
  return rating >= -1 && rating <= 5 ? Math.round(rating) + 0 : null;
}

/** Text as a person would write it. Some firmware pads with zero bytes, which Postgres refuses. */
export function words(value: unknown): string {
  const text = Buffer.isBuffer(value) ? value.toString("utf8") : value;
  // deno-lint-ignore no-control-regex
  return typeof text === "string" ? text.replace(/[\x00-\x20\x7f]+/g, " ").trim() : "";
}
