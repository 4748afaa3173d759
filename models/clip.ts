import { type InferenceSession, Tensor } from "./onnxruntime.ts";
import type { TextualRole } from "./manifest.ts";
import { runRows } from "./session.ts";
import { normalised } from "./tensor.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * The L2-normalised vector of a text, in the space of the pictures; zeros, which are like no picture,
 * where the model knows none of its words. Exports take their token ids as
 * int32 or int64: the graph says which.
 */
export async function embedText(
  { session, role, tokenize }: {
    session: InferenceSession;
    role: TextualRole;
    tokenize: Tokenizer;
  },
  text: string,
): Promise<Float32Array> {
  const ids = tokenize(text, role.context);
  const metadata = session.inputMetadata.find(({ name }) => name === role.input);
  if (!metadata?.isTensor) {
    throw new Error(
      `The graph has no input "${role.input}", only ${session.inputNames.join(", ")}`,
    );
  }
  const dims = [1, role.context];
  const input = metadata.type === "int64"
    ? new Tensor("int64", BigInt64Array.from(ids, BigInt), dims)
    : new Tensor("int32", ids, dims);
  const [vector] = await runRows(session, { [role.input]: input }, role.dimension);
  return vector.every((value) => value === 0) ? vector : normalised(vector);
}
