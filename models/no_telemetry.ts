/** Evaluated before onnxruntime-node, which looks at this once, when it loads. */
Deno.env.set("ORT_DISABLE_TELEMETRY", "1");
