/** How lines are written down for a program or a spreadsheet. */
export interface ExportFormat<Line> {
  type: string;
  start: string;
  line(line: Line, first: boolean): string;
  end: string;
}

type Value = string | number | string[] | null;

/** JSON, an array of all lines, and CSV with these columns; a list of words is one cell. */
export function exportFormats<Line>(
  columns: readonly (keyof Line & string)[],
): Record<"json" | "csv", ExportFormat<Line>> {
  return {
    json: {
      type: "application/json; charset=utf-8",
      start: "[",
      line: (line, first) => `${first ? "\n" : ",\n"}${JSON.stringify(line)}`,
      end: "\n]\n",
    },
    // The byte order mark is for Excel, which takes the file for its old code page without one and
    // spoils every name that is not English. Programs that mind it have JSON.
    csv: {
      type: "text/csv; charset=utf-8; header=present",
      start: `\uFEFF${columns.join(",")}\r\n`,
      line: (line) => `${columns.map((name) => csvCell(line[name] as Value)).join(",")}\r\n`,
      end: "",
    },
  };
}

/**
 * A value as a cell of RFC 4180. Spreadsheets run what begins with = + - @ as a formula, also behind
 * a tab or a line break, and names of files are anybody's: such a text gets an apostrophe before
 * it. Who needs the text unchanged takes JSON.
 */
export function csvCell(value: Value): string {
  if (value === null) return "";
  if (Array.isArray(value)) return csvCell(value.join(" "));
  const text = typeof value === "string" && /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
