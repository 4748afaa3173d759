/**
 * What ONNX Runtime says of a device, for a person: without the place in its sources and the check
 * that failed, which it puts before its own words.
 */
export function plainReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/\S+\.(cc|cpp|h):\d+ .*? was false\.\s*/gs, "")
    .replace(/\S+\.(cc|cpp|h):\d+ [^\n]*?\)\s+/g, "")
    .replace(/\s+/g, " ").trim() || message;
}
