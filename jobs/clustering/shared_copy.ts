/** Bytes copied between two turns of the event loop: less than a millisecond. */
const PORTION = 4 * 2 ** 20;

/**
 * The same numbers in shared memory, which a thread can be given without another copy: the array
 * itself if it lies there already. Copies in portions, so that the calling thread is never held up.
 * Should `signal` abort, the rest stays zero.
 */
export async function sharedFloats(array: Float32Array, signal?: AbortSignal) {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return new Float32Array((await sharedBytes(bytes, signal)).buffer);
}

/** As `sharedFloats`, for bytes. */
export async function sharedBytes(array: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const copy = new Uint8Array(new SharedArrayBuffer(array.length));
  for (let at = 0; at < array.length && !signal?.aborted; at += PORTION) {
    copy.set(array.subarray(at, at + PORTION), at);
    if (at + PORTION < array.length) await new Promise((resolve) => setTimeout(resolve));
  }
  return copy;
}
