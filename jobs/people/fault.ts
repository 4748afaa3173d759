/**
 * Something that cannot be done to people or faces: what is asked for is not there any more
 * (missing), contradicts what somebody has said since (conflict), or makes no sense (invalid). The
 * message names the thing, its value and the remedy; `code` is for programs.
 */
export class PeopleFault extends Error {
  override name = "PeopleFault";
  constructor(
    readonly kind: "missing" | "conflict" | "invalid",
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
