/**
 * Just enough of an assembler to write small WebAssembly kernels in TypeScript, where loops can
 * unroll them and constants go into addresses. Opcodes and encodings are those of the WebAssembly
 * core specification 3.0, chapter 5. An instruction is a function of its operands' code:
 * `i32.add(get(a), i32.const(4))`.
 */

/** Instructions, as bytes. */
export type Code = readonly number[];

export type ValueType = number;
export const I32: ValueType = 0x7f;
export const F32: ValueType = 0x7d;
export const V128: ValueType = 0x7b;

/** A parameter or variable of a function, by its index. */
export type Local = number;

type Instruction = (...operands: Code[]) => Code;
type Load = (address: Code, offset?: number) => Code;
type Store = (address: Code, value: Code, offset?: number) => Code;

const plain =
  (...opcode: number[]): Instruction => (...operands) => [...operands.flat(), ...opcode];
const simd = (opcode: number): Instruction => plain(0xfd, ...unsigned(opcode));
const load = (...opcode: number[]): Load => (address, offset = 0) => [
  ...address,
  ...opcode,
  ALIGNMENT,
  ...unsigned(offset),
];
const store = (...opcode: number[]): Store => (address, value, offset = 0) => [
  ...address,
  ...value,
  ...opcode,
  ALIGNMENT,
  ...unsigned(offset),
];

/** Four bytes, as the exponent of two: a hint only, which every address here keeps. */
const ALIGNMENT = 2;

export const get = (local: Local): Code => [0x20, ...unsigned(local)];
export const set = (local: Local, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const call = (callee: number, ...operands: Code[]): Code => [
  ...operands.flat(),
  0x10,
  ...unsigned(callee),
];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: plain(0x6a),
  sub: plain(0x6b),
  mul: plain(0x6c),
  and: plain(0x71),
  shl: plain(0x74),
  ctz: plain(0x68),
  eq: plain(0x46),
  ne: plain(0x47),
  lt: plain(0x48),
  gt: plain(0x4a),
  ge: plain(0x4e),
  load: load(0x28),
  store: store(0x36),
};

export const f32 = {
  lt: plain(0x5d),
  gt: plain(0x5e),
  load: load(0x2a),
  store: store(0x38),
};

export const v128 = {
  load: load(0xfd, 0x00),
  store: store(0xfd, 0x0b),
  or: simd(0x50),
  /** Bits of `a` where `mask` is set, else of `b`: bitselect(a, b, mask). */
  bitselect: simd(0x52),
  and: simd(0x4e),
  anyTrue: simd(0x53),
  zero: lanes([false, false, false, false]),
  /** All bits set in some of the four lanes. */
  lanes,
};

function lanes(set: readonly boolean[]): Code {
  return [0xfd, 0x0c, ...set.flatMap((all) => new Array(4).fill(all ? 0xff : 0))];
}

export const f32x4 = {
  splat: simd(0x13),
  lt: simd(0x43),
  gt: simd(0x44),
  ge: simd(0x46),
  add: simd(0xe4),
  mul: simd(0xe6),
  /** a · b + c, rounded once or twice, as the processor likes: relaxed SIMD. */
  relaxedMadd: simd(0x105),
  /** Four of the eight elements of `a` (0 to 3) and `b` (4 to 7). */
  shuffle: (a: Code, b: Code, elements: readonly number[]): Code => [
    ...a,
    ...b,
    0xfd,
    0x0d,
    ...elements.flatMap((element) => [0, 1, 2, 3].map((byte) => 4 * element + byte)),
  ],
};

export const i32x4 = {
  splat: simd(0x11),
  eq: simd(0x37),
};

/** A bit for each of four lanes. */
export const bitmask = simd(0xa4);

export const when = (
  condition: Code,
  body: Code,
): Code => [...condition, 0x04, VOID, ...body, 0x0b];

/** Runs `body` as long as `condition` is not zero. */
export const loopWhile = (condition: Code, body: Code): Code => [
  ...[0x02, VOID, 0x03, VOID],
  ...condition,
  ...[0x45, 0x0d, 1],
  ...body,
  ...[0x0c, 0, 0x0b, 0x0b],
];

/** Runs `body` with `counter` from `start` in steps of `step` while it is below `end`. */
export const loopUpTo = (
  counter: Local,
  { start, end, step }: { start: Code; end: Code; step: number },
  body: Code,
): Code => [
  ...set(counter, start),
  ...loopWhile(i32.lt(get(counter), end), [
    ...body,
    ...set(counter, i32.add(get(counter), i32.const(step))),
  ]),
];

const VOID = 0x40;

export interface WasmFunction {
  /** Exported under this name. */
  name: string;
  params: ValueType[];
  locals: ValueType[];
  body: Code;
}

/**
 * Writes a function without results. `build` is given its parameters and a way to get further
 * variables, which start as zero.
 */
export function wasmFunction(
  name: string,
  params: ValueType[],
  build: (params: Local[], local: (type: ValueType) => Local) => Code,
): WasmFunction {
  const locals: ValueType[] = [];
  const body = build(
    params.map((_, index) => index),
    (type) => params.length + locals.push(type) - 1,
  );
  return { name, params, locals, body };
}

/**
 * The bytes of a module of these functions, which call each other by their position, over a memory
 * imported as `env.memory` that may be `shared` between threads.
 */
export function wasmModule(
  functions: WasmFunction[],
  memory: { initial: number; maximum: number; shared: boolean },
): Uint8Array<ArrayBuffer> {
  const limits = [memory.shared ? 3 : 1, ...unsigned(memory.initial), ...unsigned(memory.maximum)];
  const codes = functions.map(({ locals, body }) =>
    sized([...vector(locals.map((type) => [1, type])), ...body, 0x0b])
  );
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map(({ params }) => [0x60, ...vector(params.map((type) => [type])), 0]),
    ),
    ...section(2, [[...text("env"), ...text("memory"), 2, ...limits]]),
    ...section(3, functions.map((_, index) => unsigned(index))),
    ...section(7, functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)])),
    ...section(10, codes),
  ]);
}

const section = (id: number, items: Code[]): Code => [id, ...sized(vector(items))];
const vector = (items: Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const text = (name: string): Code => sized([...new TextEncoder().encode(name)]);

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [value & 127 | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 127] : [value & 127 | 128, ...signed(value >> 7)];
}
