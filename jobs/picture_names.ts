/**
 * What counts as a picture by name. Formats that cannot be decoded are in the list too: their owner
 * must see them skipped with the reason, not missing.
 */
export const PICTURE_ENDINGS =
  "\\.(?:jpe?g|jpe|jfif|png|webp|avif|tiff?|gif|heic|heif|hif|jxl|jp2|j2k|jpx|bmp|psd|svg|dng|cr2|" +
  "cr3|crw|nef|nrw|arw|orf|rw2|rwl|raf|pef|srw|x3f|3fr|mrw|kdc|erf|iiq)";
const PICTURE = new RegExp(`${PICTURE_ENDINGS}$`, "i");

/** Folders other programs keep their own thumbnails and bins in. */
const NOT_PHOTOS = new Set(["@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found"]);

/** True if a file of this name counts as a picture; its content decides later. */
export const isPictureName = (name: string) => !name.startsWith(".") && PICTURE.test(name);

/** True if the walk looks into a folder of this name. */
export const isPhotoFolder = (name: string) => !name.startsWith(".") && !NOT_PHOTOS.has(name);
