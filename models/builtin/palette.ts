import { floats, type Graph, node } from "./onnx_writer.ts";

/** A colour as red, green and blue, 0…255. */
export type Colour = readonly [number, number, number];

/** A linear colour space: three rows over red, green and blue. */
export type Space = readonly [Colour, Colour, Colour];

/**
 * Soft memberships of pixels in a palette: softmax over −|A·x − A·c|² / 2σ² for every colour c.
 * |A·x|² is the same for all colours and drops out, so it is one 1 × 1 convolution and a Softmax.
 * Input [N, 3, h, w] with pixels 0…1, output [N, colours, h, w]; σ is in the units of A·x.
 */
export function memberships(
  graph: Graph,
  pixels: string,
  { palette, space, sigma }: { palette: readonly Colour[]; space: Space; sigma: number },
): string {
  const centres = palette.map((colour) =>
    space.map((row) => row.reduce((sum, factor, i) => sum + factor * colour[i] / 255, 0))
  );
  const weights = centres.flatMap((centre) =>
    [0, 1, 2].map((channel) =>
      space.reduce((sum, row, i) => sum + row[channel] * centre[i], 0) / sigma ** 2
    )
  );
  const constants = centres.map((centre) =>
    -centre.reduce((sum, value) => sum + value * value, 0) / (2 * sigma ** 2)
  );
  const nearness = node(graph, "Conv", [
    pixels,
    floats(graph, [palette.length, 3, 1, 1], weights),
    floats(graph, [palette.length], constants),
  ]);
  return node(graph, "Softmax", [nearness], { axis: 1 });
}
