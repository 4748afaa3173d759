import { cameraTime, several } from "./format.ts";

/** "21 July 2019, 18:04 (UTC+02:00)"; without the zone where it is not known. */
export function takenTime(takenAt: string, offsetMinutes: number | null): string {
  if (offsetMinutes === null) return cameraTime(takenAt);
  const [hours, minutes] = [Math.abs(offsetMinutes) / 60 | 0, Math.abs(offsetMinutes) % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  const sign = offsetMinutes < 0 ? "−" : "+";
  return `${cameraTime(takenAt)} (UTC${sign}${two(hours)}:${two(minutes)})`;
}

/** "47.37690° N, 8.54170° E": five places are a metre. */
export function coordinates(latitude: number, longitude: number): string {
  const words = (degrees: number, [positive, negative]: string) =>
    `${Math.abs(degrees).toFixed(5)}° ${degrees < 0 ? negative : positive}`;
  return `${words(latitude, "NS")}, ${words(longitude, "EW")}`;
}

/** Stars in words; −1 is what people reject a photo with. */
export const ratingWords = (rating: number): string =>
  rating < 0 ? "rejected" : `${several(rating, "star")} of 5`;
