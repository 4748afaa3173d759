import { concat, field, integer, text } from "./builtin/onnx_writer.ts";
import { type Field, fields } from "./signature.ts";

/** The batch axis of a rewritten graph. */
const BATCH = "N";

/**
 * A graph that is fixed at one picture, rewritten so that its batch axis is free, as bytes. Inputs,
 * outputs and constant shapes of Reshape are changed, and constants that are joined to something of
 * each picture (CLIP's class token) are repeated for each; whether that is right is for a run to
 * prove. Field numbers are those of onnx.proto3. Throws an Error if the bytes are no ONNX model.
 */
export function freeBatch(model: Uint8Array): Uint8Array {
  return edited(model, (part) => part.number === 7 ? [field(7, graph(part.data!))] : null);
}

function graph(bytes: Uint8Array): Uint8Array {
  const parts = fields(bytes);
  const nodes = parts.filter(({ number }) => number === 1).map(({ data }) => readNode(data!));
  const constants = new Map<string, Uint8Array>();
  for (const { number, data } of parts) if (number === 5) constants.set(tensorName(data!), data!);
  for (const { operator, outputs, tensor } of nodes) {
    if (operator === "Constant" && tensor) constants.set(outputs[0], tensor);
  }
  const shapes = new Set(
    nodes.filter(({ operator }) => operator === "Reshape").map(({ inputs }) => inputs[1]),
  );
  let joints = 0;
  return edited(bytes, ({ number, data }) => {
    if (number === 11) return constants.has(portName(data!)) ? null : [field(11, freePort(data!))];
    if (number === 12) return [field(12, freePort(data!))];
    // Shapes in between, as the exporter saw them for one picture.
    if (number === 13) return [];
    if (number === 5 && shapes.has(tensorName(data!))) return [field(5, freeShape(data!))];
    if (number !== 1) return null;
    const node = readNode(data!);
    if (node.operator === "Constant" && shapes.has(node.outputs[0])) {
      return [field(1, edited(data!, (part) => part.number === 5 ? [freeAttribute(part)] : null))];
    }
    const single = node.operator === "Concat" ? singleInput(node, constants) : null;
    if (single === null) return null;
    const name = `safelight_repeated_${joints++}`;
    return [...repeated(node, single, name), field(1, renamed(data!, single, name))];
  });
}

interface Node {
  operator: string;
  inputs: string[];
  outputs: string[];
  /** Of a Constant. */
  tensor: Uint8Array | null;
  axis: number | null;
}

function readNode(bytes: Uint8Array): Node {
  const node: Node = { operator: "", inputs: [], outputs: [], tensor: null, axis: null };
  for (const { number, data } of fields(bytes)) {
    if (number === 1) node.inputs.push(words(data!));
    if (number === 2) node.outputs.push(words(data!));
    if (number === 4) node.operator = words(data!);
    if (number !== 5) continue;
    const parts = fields(data!);
    const name = words(parts.find((part) => part.number === 1)!.data!);
    if (name === "value") node.tensor = parts.find((part) => part.number === 5)?.data ?? null;
    if (name === "axis") node.axis = parts.find((part) => part.number === 3)?.value ?? 0;
  }
  return node;
}

/** The input of a Concat that is a constant for one picture, where the others are not. */
function singleInput({ inputs, axis }: Node, constants: Map<string, Uint8Array>): string | null {
  const found = inputs.filter((name) => {
    const tensor = constants.get(name);
    return tensor && dimensions(tensor).length > 1 && dimensions(tensor)[0] === 1;
  });
  // An axis of −1 is a number beyond all axes here; the batch itself is not joined to.
  return found.length === 1 && inputs.length === 2 && axis !== 0 ? found[0] : null;
}

// The constant plus nought times one slice of the other input, which has the batch's size.
function repeated(node: Node, constant: string, name: string): Uint8Array[] {
  const other = node.inputs.find((input) => input !== constant)!;
  const ints = (tag: string, value: number) => {
    const raw = new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
    const tensor = concat([integer(1, 1), integer(2, 7), field(9, raw)]);
    return made("Constant", [], `${name}_${tag}`, tensor);
  };
  const zero = concat([integer(2, 1), field(9, new Uint8Array(4))]);
  return [
    ints("from", 0),
    ints("to", 1),
    ints("axis", node.axis! > 100 ? -1 : node.axis!),
    made("Constant", [], `${name}_nought`, zero),
    made(
      "Slice",
      [other, `${name}_from`, `${name}_to`, `${name}_axis`],
      `${name}_slice`,
    ),
    made("Mul", [`${name}_slice`, `${name}_nought`], `${name}_zeros`),
    made("Add", [constant, `${name}_zeros`], name),
  ];
}

function made(
  operator: string,
  inputs: string[],
  output: string,
  value?: Uint8Array,
): Uint8Array {
  const attribute = value && concat([text(1, "value"), field(5, value), integer(20, 4)]);
  return field(
    1,
    concat([
      ...inputs.map((input) => text(1, input)),
      text(2, output),
      text(4, operator),
      ...(attribute ? [field(5, attribute)] : []),
    ]),
  );
}

const renamed = (node: Uint8Array, from: string, to: string): Uint8Array =>
  edited(node, (part) => part.number === 1 && words(part.data!) === from ? [text(1, to)] : null);

// ValueInfoProto: type 2 → tensor_type 1 → shape 2 → dim 1, the first of which becomes a name.
function freePort(port: Uint8Array): Uint8Array {
  return within(port, [2, 1, 2], (shape) => {
    let first = true;
    return edited(shape, (part) => {
      if (part.number !== 1 || !first) return null;
      first = false;
      return [field(1, text(2, BATCH))];
    });
  });
}

function freeAttribute(part: Field): Uint8Array {
  return field(
    5,
    edited(part.data!, (inner) => inner.number === 5 ? [field(5, freeShape(inner.data!))] : null),
  );
}

// TensorProto of int64: dims 1, type 2, int64_data 7, raw_data 9.
function freeShape(tensor: Uint8Array): Uint8Array {
  const shape = freeDimensions(integers(tensor));
  const raw = new Uint8Array(BigInt64Array.from(shape, BigInt).buffer);
  const kept = edited(tensor, ({ number }) => number === 7 || number === 9 ? [] : null);
  return concat([kept, field(9, raw)]);
}

/**
 * A shape that a Reshape of one picture has, for any number: 0 is "as the input has it", −1 "what is
 * left over". Where the batch is not an axis by itself, exporters have put it second (attention heads
 * of all pictures: [tokens, heads, width]) or, of two, first.
 */
export function freeDimensions(shape: number[]): number[] {
  if (shape.includes(-1)) return shape[0] === 1 ? [0, ...shape.slice(1)] : shape;
  const one = shape.indexOf(1);
  const axis = one >= 0 ? one : shape.length === 3 ? 1 : shape.length === 2 ? 0 : -1;
  return shape.map((size, at) => at === axis ? -1 : size);
}

function integers(tensor: Uint8Array): number[] {
  const parts = fields(tensor);
  const raw = parts.find(({ number }) => number === 9)?.data;
  // Copied: a window may begin anywhere.
  if (raw) return Array.from(new BigInt64Array(raw.slice().buffer), Number);
  return parts.filter(({ number }) => number === 7)
    .flatMap(({ data, raw }) => varints(data ?? raw.subarray(1)));
}

function varints(bytes: Uint8Array): number[] {
  const found: number[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    found.push(Number(BigInt.asIntN(64, value)));
    [value, shift] = [0n, 0n];
  }
  return found;
}

const dimensions = (tensor: Uint8Array): number[] =>
  fields(tensor).filter(({ number }) => number === 1)
    .flatMap(({ data, value }) => data ? varints(data) : [value!]);

const tensorName = (tensor: Uint8Array): string =>
  words(fields(tensor).find(({ number }) => number === 8)?.data ?? new Uint8Array());

const portName = (port: Uint8Array): string =>
  words(fields(port).find(({ number }) => number === 1)!.data!);

const words = (data: Uint8Array): string => new TextDecoder().decode(data);

/** A message with some fields replaced; null keeps a field as it is. */
function edited(
  message: Uint8Array,
  change: (part: Field) => Uint8Array[] | null,
): Uint8Array {
  return concat(fields(message).flatMap((part) => change(part) ?? [part.raw]));
}

/** A message with a nested one changed. */
function within(
  message: Uint8Array,
  [first, ...rest]: number[],
  change: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  return edited(message, ({ number, data }) => {
    if (number !== first) return null;
    return [field(first, rest.length ? within(data!, rest, change) : change(data!))];
  });
}
