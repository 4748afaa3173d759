/** A machine's reason in plain words. */
export interface ReasonWords {
  /** A word or two, for lists. */
  title: string;
  /** What happened, and what to do where something can be done. */
  text: string;
}

/** Every reason that items of a ledger, or what failed besides them, can have. */
export const REASONS: Readonly<Record<string, ReasonWords>> = {
  // Failed: the file.
  corrupt: {
    title: "Damaged",
    text:
      "The picture inside the file is damaged. Put a good copy in its place, from a backup or " +
      "the camera's card, and retry.",
  },
  truncated: {
    title: "Cut off",
    text: "The file ends before the picture does, as after a copy or download that was " +
      "interrupted. Copy it again and retry.",
  },
  empty: {
    title: "Empty",
    text: "There is nothing in the file. Copy it again and retry, or delete it.",
  },
  too_large: {
    title: "Too large",
    text:
      "It is larger than the 200 megapixels or 1 GB that are read. Put a smaller version in its " +
      "place and retry, or ignore it.",
  },
  vanished: {
    title: "Gone",
    text: "The file was there when the folders were looked through, and gone when it was to be " +
      "read. Put it back and retry; if it was moved, a new session finds it.",
  },
  forbidden: {
    title: "Not allowed",
    text: "Safelight may not read this file. Give its user permission to read it and retry.",
  },
  not_a_file: {
    title: "Not a file",
    text: "Something else has taken the file's place, such as a folder. Put the picture back and " +
      "retry, or ignore it.",
  },
  bad_name: {
    title: "Unusable name",
    text:
      "The name is not valid UTF-8, so the system cannot open the file by it. Rename the file " +
      "and run a session over its folder again.",
  },
  // Failed: the work.
  preview_lost: {
    title: "Preview lost",
    text: "The preview made earlier is missing in the data directory. Run a session over its " +
      "folder again: it makes a new one.",
  },
  crashed: {
    title: "Crashed the worker",
    text: "Three times the worker died while this was all it had in hand, so it was left out. " +
      "Ignore it, or retry after an update or with more memory.",
  },
  gave_up: {
    title: "Given up",
    text:
      "It went wrong every time, for a cause that could have passed, such as a disk or network " +
      "drive that did not answer. Check that and retry.",
  },
  unknown: {
    title: "Unknown",
    text: "No reason was written down. The technical details may tell more; retry to see it again.",
  },
  // Failed: what is no item.
  unreadable: {
    title: "Unreadable place",
    text:
      "This place could not be looked into, so pictures in it were not found. Give Safelight's " +
      "user permission to read it, or mend the link, and look again.",
  },
  phase_failed: {
    title: "Phase failed",
    text: "The phase as a whole could not go on, and those behind it did not begin. Do what the " +
      "message asks for, then try again.",
  },
  // Skipped.
  unsupported: {
    title: "Other format",
    text: "This is not read. Photos are JPEG, PNG, WebP, AVIF, HEIC, JPEG XL, TIFF, GIF and BMP " +
      "files, and cameras' raw files that hold a preview. The item's own words say more.",
  },
  same_content: {
    title: "Exact copy",
    text: "Another file holds the very same picture. Both are found by a search.",
  },
  duplicate: {
    title: "Looks the same",
    text: "It looks the same as another photo and shares its faces. Both are found by a search.",
  },
  already_trained: {
    title: "Done elsewhere",
    text: "Another session over the same folder had already done it.",
  },
  already_scanned: {
    title: "Done elsewhere",
    text: "Another session had already looked for faces in it.",
  },
  ignored: {
    title: "Ignored",
    text:
      "Somebody wants it left alone. It is tried again when the file changes, or when you ask " +
      "for it.",
  },
};

/** The words for a reason; one nobody has words for is shown as it is. */
export function explain(reason: string | null): ReasonWords {
  return REASONS[reason ?? "unknown"] ?? { title: reason!, text: REASONS.unknown.text };
}
