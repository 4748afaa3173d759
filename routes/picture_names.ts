/** The rules by which discovery walks, for the figures that are shown before it does. */

const PICTURE =
  /^[^.].*\.(jpe?g|jpe|jfif|png|webp|avif|tiff?|gif|heic|heif|hif|jxl|jp2|bmp|psd|dng|cr2|cr3|nef|arw|orf|rw2|raf|pef|srw)$/is;

/** Folders other programs keep their own thumbnails and bins in. */
const NOT_PHOTOS = new Set(["@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found"]);

/** True if a file of this name counts as a picture; its content decides later. */
export const isPictureName = (name: string) => PICTURE.test(name);

/** True if the walk would look into a folder of this name. */
export const isPhotoFolder = (name: string) => !name.startsWith(".") && !NOT_PHOTOS.has(name);
