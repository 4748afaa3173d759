/** What graphs can run on, by the names Safelight uses for it. */
export const DEVICES = ["cpu", "webgpu", "cuda", "coreml", "directml"] as const;
export type Device = typeof DEVICES[number];

/** What SAFELIGHT_DEVICE may say. */
export const DEVICE_SETTINGS = ["auto", ...DEVICES] as const;
export type DeviceSetting = typeof DEVICE_SETTINGS[number];

/** What to run on, and, for a person, why. */
export interface DeviceChoice {
  device: Device;
  reason: string;
}

/** Raised where the device that was asked for cannot be used; the message says why and what to do. */
export class DeviceError extends Error {
  override name = "DeviceError";
}

/** ONNX Runtime's names of them: its execution providers. */
export const PROVIDERS: Record<Device, string> = {
  cpu: "cpu",
  webgpu: "webgpu",
  cuda: "cuda",
  coreml: "coreml",
  directml: "dml",
};
