// ONNX Runtime 1.30 reports its use to its maker, and keeps a database for that under ~/.cache,
// unless this is set before it loads. So everybody takes the package from here.
import "./no_telemetry.ts";

export * from "onnxruntime-node";
