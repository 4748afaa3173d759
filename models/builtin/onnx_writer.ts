/**
 * Writes ONNX files: the few protobuf messages of onnx.proto3 (ModelProto, GraphProto, NodeProto,
 * AttributeProto, TensorProto, ValueInfoProto) that the built-in models need, and no more.
 */

/** Operator set: 17 is the last in which ReduceMean, ReduceMax and ReduceL2 take their axes as an attribute. */
const opset = 17;
const irVersion = 8;

const elementTypes = { float32: 1, int32: 6, int64: 7 } as const;
type ElementType = keyof typeof elementTypes;

export type Attribute = number | { float: number } | number[] | string;

/**
 * A graph under construction: the encoded messages of its parts, in the order they were added. An
 * initializer is a head and the values behind it, which are kept as given: they are most of a file.
 */
export interface Graph {
  name: string;
  nodes: Uint8Array[];
  initializers: [head: Uint8Array, values: Uint8Array][];
  inputs: Uint8Array[];
  outputs: Uint8Array[];
  count: number;
}

/** An empty graph. */
export function makeGraph(name: string): Graph {
  return { name, nodes: [], initializers: [], inputs: [], outputs: [], count: 0 };
}

/** Declares an input; a dimension given as a string is symbolic (a free batch axis). */
export function addInput(
  graph: Graph,
  name: string,
  type: ElementType,
  shape: (number | string)[],
) {
  graph.inputs.push(valueInfo(name, type, shape));
  return name;
}

/** Declares `name`, the output of some node, as an output of the graph. */
export function addOutput(graph: Graph, name: string, shape: (number | string)[]) {
  graph.outputs.push(valueInfo(name, "float32", shape));
}

/**
 * Adds a float tensor of the given shape and returns its name. A Float32Array is not copied and must
 * not change afterwards.
 */
export function floats(graph: Graph, shape: number[], values: ArrayLike<number>): string {
  const { buffer, byteOffset, byteLength } = values instanceof Float32Array
    ? values
    : Float32Array.from(values);
  return initializer(graph, "float32", shape, new Uint8Array(buffer, byteOffset, byteLength));
}

/** Adds a one-dimensional int64 tensor (shapes, axes) and returns its name. */
export function integers(graph: Graph, values: number[]): string {
  const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return initializer(graph, "int64", [values.length], bytes);
}

/** Adds a node with one output and returns the output's name (`as`, or a fresh one). */
export function node(
  graph: Graph,
  operator: string,
  inputs: string[],
  attributes: Record<string, Attribute> = {},
  as = `${operator.toLowerCase()}_${graph.count++}`,
): string {
  graph.nodes.push(concat([
    ...inputs.map((input) => text(1, input)),
    text(2, as),
    text(4, operator),
    ...Object.entries(attributes).map(([name, value]) => field(5, attribute(name, value))),
  ]));
  return as;
}

/** The finished file. Same graph, same bytes. */
export function encodeModel(graph: Graph, description: string): Uint8Array {
  return concat(encodeInParts(graph, description));
}

/** The same file in pieces to be written one after the other: weights of gigabytes are not copied. */
export function encodeInParts(graph: Graph, description: string): Uint8Array[] {
  const body = [
    ...graph.nodes.map((bytes) => field(1, bytes)),
    text(2, graph.name),
    ...graph.initializers.flatMap((parts) => [fieldHead(5, length(parts)), ...parts]),
    ...graph.inputs.map((bytes) => field(11, bytes)),
    ...graph.outputs.map((bytes) => field(12, bytes)),
  ];
  return [
    integer(1, irVersion),
    text(2, "safelight"),
    text(6, description),
    fieldHead(7, length(body)),
    ...body,
    field(8, integer(2, opset)),
  ];
}

function initializer(graph: Graph, type: ElementType, shape: number[], bytes: Uint8Array): string {
  const name = `const_${graph.initializers.length}`;
  const expected = shape.reduce((product, size) => product * size, type === "int64" ? 8 : 4);
  if (bytes.length !== expected) {
    throw new Error(`${graph.name}/${name}: ${bytes.length} bytes for shape [${shape}]`);
  }
  const head = concat([
    ...shape.map((size) => integer(1, size)),
    integer(2, elementTypes[type]),
    text(8, name),
    fieldHead(9, bytes.length),
  ]);
  graph.initializers.push([head, bytes]);
  return name;
}

export function attribute(name: string, value: Attribute): Uint8Array {
  const head = text(1, name);
  if (typeof value === "string") return concat([head, text(4, value), integer(20, 3)]);
  if (typeof value === "number") return concat([head, integer(3, value), integer(20, 2)]);
  if (Array.isArray(value)) {
    return concat([head, ...value.map((item) => integer(8, item)), integer(20, 7)]);
  }
  return concat([head, fixed32(2, value.float), integer(20, 1)]);
}

function valueInfo(name: string, type: ElementType, shape: (number | string)[]): Uint8Array {
  const dimensions = shape.map((size) =>
    field(1, typeof size === "number" ? integer(1, size) : text(2, size))
  );
  const tensor = concat([integer(1, elementTypes[type]), field(2, concat(dimensions))]);
  return concat([text(1, name), field(2, field(1, tensor))]);
}

export function text(number: number, value: string): Uint8Array {
  return field(number, new TextEncoder().encode(value));
}

export function field(number: number, bytes: Uint8Array): Uint8Array {
  return concat([fieldHead(number, bytes.length), bytes]);
}

function fieldHead(number: number, bytes: number): Uint8Array {
  return concat([varint(number * 8 + 2), varint(bytes)]);
}

export function integer(number: number, value: number): Uint8Array {
  return concat([varint(number * 8), varint(value)]);
}

function fixed32(number: number, value: number): Uint8Array {
  return concat([varint(number * 8 + 5), new Uint8Array(Float32Array.of(value).buffer)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  // Negative integers (an axis of −1) are written as their 64-bit two's complement.
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}

export function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(length(parts));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function length(parts: Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
