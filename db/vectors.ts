/** A vector as it is stored: float32, little-endian. */
export function bytesOfVector(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/**
 * A stored vector. Copied: the driver's Buffers lie at odd offsets of a shared block, and a
 * Float32Array needs multiples of four.
 */
export function vectorOfBytes(bytes: Uint8Array): Float32Array {
  // Not slice(): of a Buffer that is another view of the same block.
  return new Float32Array(new Uint8Array(bytes).buffer);
}
