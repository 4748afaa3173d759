/**
 * The address of the search page: fields and values in their order, a field as often as it has values.
 * Links are made of it by adding and leaving out.
 */
export type Params = readonly (readonly [name: string, value: string])[];

/** "/search?q=dog"; `path` where something else answers the same question. */
export function addressOf(params: Params, path = "/search"): string {
  const query = new URLSearchParams(params.map(([name, value]) => [name, value])).toString();
  return query === "" ? path : `${path}?${query}`;
}

/** Without a field, or without one of its values. */
export const without = (params: Params, field: string, value?: string): Params =>
  params.filter(([name, given]) => name !== field || (value !== undefined && given !== value));

/** With one value of a field in the place of all others. */
export const withOnly = (params: Params, field: string, value: string): Params => [
  ...without(params, field),
  [field, value],
];

/** With one value of a field besides the others. */
export const withAlso = (params: Params, field: string, value: string): Params => [
  ...without(params, field, value),
  [field, value],
];

export const valuesOf = (params: Params, field: string): string[] =>
  params.filter(([name]) => name === field).map(([, value]) => value);

export const valueOf = (params: Params, field: string): string => valuesOf(params, field)[0] ?? "";

/** Fields that say what to compare with, or how to show it; all others narrow down. */
const QUESTION = new Set(["q", "like", "picture", "everything", "cursor", "shown"]);

export const isFilterField = (name: string): boolean => !QUESTION.has(name);

export const hasFilter = (params: Params): boolean => params.some(([name]) => isFilterField(name));
