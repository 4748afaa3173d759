/** Why a pull ended: for programs what the message says in words. */
export type PullFault =
  | "licence"
  | "busy"
  | "manifest"
  | "room"
  | "offline"
  | "redirect"
  | "http"
  | "truncated"
  | "size"
  | "hash"
  | "content"
  | "stopped"
  | "disk";

/** Why a pack could not be pulled, in words for a person. What was fetched is kept where it can be. */
export class PullError extends Error {
  override name = "PullError";
  constructor(readonly fault: PullFault, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Something that may be better in a moment. `waitMs`: how long the server asks to wait. */
export class TransientError extends PullError {
  readonly waitMs: number | null;
  constructor(
    fault: PullFault,
    message: string,
    options?: ErrorOptions & { waitMs?: number | null },
  ) {
    super(fault, message, options);
    this.waitMs = options?.waitMs ?? null;
  }
}
