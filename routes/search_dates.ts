import type { FilterQuery } from "./search_filters.ts";

/**
 * The words of a query's dates, by which a cursor knows its own query tomorrow, when "last month" is
 * another month (see SearchRequest.dates).
 */
export function datesAsked(
  { taken, from, to }: Pick<FilterQuery, "taken" | "from" | "to">,
): string | undefined {
  const given = [taken, from, to].map((value) => [value ?? []].flat().map((word) => word.trim()));
  return given.flat().some((word) => word !== "") ? JSON.stringify(given) : undefined;
}
