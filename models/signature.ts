import { YUNET_OUTPUTS } from "./yunet.ts";

/** A graph's input or output: dimensions are null where the graph leaves them open. */
export interface Port {
  name: string;
  /** ONNX's TensorProto.DataType: 1 float32, 6 int32, 7 int64. */
  type: number;
  shape: (number | null)[];
}

export interface Signature {
  inputs: Port[];
  outputs: Port[];
  /** True if weights lie in a second file beside the graph. */
  external: boolean;
}

/** What a graph can do for us, read off its inputs and outputs; a `size` of null is left open. */
export type Recognised =
  | { role: "visual"; input: string; size: number; dimension: number }
  | { role: "textual"; input: string; context: number; dimension: number }
  | { role: "detector"; family: "scrfd" | "yunet"; input: string; size: number | null }
  | { role: "recogniser"; input: string; size: number; dimension: number }
  | { role: null; reason: string };

export const FLOAT = 1;
const INTEGERS = [6, 7];

/**
 * Tells by its ports what a graph is. CLIP's halves, SCRFD with landmarks, YuNet and
 * ArcFace-like recognisers are known; of everything else `reason` says why it is not used.
 */
export function recognise({ inputs, outputs, external }: Signature): Recognised {
  const unknown = (reason: string) => ({ role: null, reason });
  if (external) {
    return unknown("its weights lie in a second file; export it as one file");
  }
  const last = (columns: number) => outputs.filter(({ shape }) => shape.at(-1) === columns).length;
  const names = inputs.map(({ name }) => name).join(", ");
  if (inputs.length !== 1) return unknown(`it has ${inputs.length} inputs (${names})`);
  const [input] = inputs;
  const image = input.type === FLOAT && input.shape.length === 4 && input.shape[1] === 3;
  const side = input.shape[2] === input.shape[3] ? input.shape[2] ?? null : null;
  const yunet = Object.keys(YUNET_OUTPUTS).every((wanted) =>
    outputs.some(({ name }) => name === wanted)
  );
  if (image && yunet) {
    return { role: "detector", family: "yunet", input: input.name, size: side };
  }
  if (image && outputs.length === 9 && last(1) === 3 && last(4) === 3 && last(10) === 3) {
    return { role: "detector", family: "scrfd", input: input.name, size: side };
  }
  if (["loc", "conf", "iou"].every((old) => outputs.some(({ name }) => name === old))) {
    return unknown("a YuNet of 2022 or before; the export of March 2023 or a later one is needed");
  }
  if (image && outputs.length === 6 && last(1) === 3 && last(4) === 3) {
    return unknown("a face detector without landmarks; the export with five landmarks is needed");
  }
  const vector = outputs.find(({ shape, type }) =>
    type === FLOAT && shape.length === 2 && typeof shape[1] === "number"
  );
  if (!vector) return unknown("none of its outputs is a vector of known length");
  const dimension = vector.shape[1]!;
  if (image && side === 112) {
    return { role: "recogniser", input: input.name, size: 112, dimension };
  }
  // Landmark and attribute networks take 96 or 192 pixels; no CLIP takes fewer than 224.
  if (image && side !== null && side >= 224) {
    return { role: "visual", input: input.name, size: side, dimension };
  }
  if (INTEGERS.includes(input.type) && input.shape.length === 2) {
    return { role: "textual", input: input.name, context: input.shape[1] ?? 77, dimension };
  }
  return unknown(
    `its input "${input.name}" [${input.shape.map((d) => d ?? "?").join(", ")}] is new`,
  );
}

/**
 * Reads the ports of an ONNX file without opening a session, which would take a second and twice the
 * memory for a large model. Field numbers are those of onnx.proto3. Throws an Error if the bytes are
 * no ONNX model.
 */
export function readSignature(bytes: Uint8Array): Signature {
  const graph = fields(bytes).find(({ number, data }) => number === 7 && data);
  if (!graph) throw new Error("it is no ONNX model");
  const signature: Signature = { inputs: [], outputs: [], external: false };
  const weights = new Set<string>();
  for (const { number, data } of fields(graph.data!)) {
    if (number === 11) signature.inputs.push(readPort(data!));
    if (number === 12) signature.outputs.push(readPort(data!));
    if (number !== 5) continue;
    for (const part of fields(data!)) {
      if (part.number === 8) weights.add(text(part.data!));
      if (part.number === 14 && part.value === 1) signature.external = true;
    }
  }
  if (signature.outputs.length === 0) throw new Error("it is no ONNX model");
  // Before IR version 4 weights are listed among the inputs.
  signature.inputs = signature.inputs.filter(({ name }) => !weights.has(name));
  return signature;
}

// ValueInfoProto: name 1, type 2 → tensor_type 1 → elem_type 1, shape 2 → dim 1 → value 1.
function readPort(info: Uint8Array): Port {
  const port: Port = { name: "", type: 0, shape: [] };
  for (const { number, data } of fields(info)) {
    if (number === 1) port.name = text(data!);
    if (number !== 2) continue;
    const tensor = fields(data!).find((field) => field.number === 1)?.data;
    for (const part of tensor ? fields(tensor) : []) {
      if (part.number === 1) port.type = part.value!;
      if (part.number === 2) {
        port.shape = fields(part.data!).map((dimension) => {
          const fixed = fields(dimension.data!).find((field) => field.number === 1);
          return fixed?.value || null;
        });
      }
    }
  }
  return port;
}

/** One field of a protobuf message. */
export interface Field {
  number: number;
  /** All of it as it lies in the message, tag included. */
  raw: Uint8Array;
  value?: number;
  data?: Uint8Array;
}

function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

/** The fields of one protobuf message; nested messages and strings are windows, nothing is copied. */
export function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    // Above 2^53 precision goes: such numbers (hashes, -1) are never looked at here.
    for (let value = 0, factor = 1;; factor *= 128) {
      if (at >= bytes.length || factor > 2 ** 63) throw new Error("it is no ONNX model");
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const start = at;
    const tag = varint();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === 0) {
      const value = varint();
      found.push({ number, value, raw: bytes.subarray(start, at) });
      continue;
    }
    const length = wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : Infinity;
    if (at + length > bytes.length) throw new Error("it is no ONNX model");
    const data = bytes.subarray(at, at + length);
    at += length;
    found.push({ number, data, raw: bytes.subarray(start, at) });
  }
  return found;
}
