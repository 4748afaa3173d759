import type { z } from "zod";
import type { CopyGroup, CopyPhoto } from "../db/copy_groups.ts";
import type * as Api from "./duplicate_schemas.ts";
import { thumbnailUrl } from "./shapes.ts";

/** Groups of copies in, the API's shapes out; pure. */

export const groupShape = (group: CopyGroup): z.infer<typeof Api.CopyGroup> => ({
  ...group,
  photos: group.photos.map(copyShape),
});

export const copyShape = (
  { representativeId: _, takenOffsetMinutes: __, ...photo }: CopyPhoto,
): z.infer<typeof Api.PhotoCopy> => ({ ...photo, thumbnailUrl: thumbnailUrl(photo.id) });
