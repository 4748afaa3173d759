import assert from "node:assert/strict";
import { resolve } from "node:path";
import { configEnvironment, ConfigError, readConfig } from "./config.ts";

const refusal = (environment: Record<string, string>, flags = {}): string => {
  try {
    readConfig(environment, flags);
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.message;
  }
  assert.fail(`accepted ${JSON.stringify(environment)} ${JSON.stringify(flags)}`);
};

Deno.test("without settings: loopback, port 8420, the embedded database, built-in models", () => {
  const config = readConfig({ XDG_DATA_HOME: "/home/ada/data" });
  assert.equal(config.host, "127.0.0.1");
  assert.equal(config.port, 8420);
  assert.equal(config.databaseUrl, null);
  assert.equal(config.modelsDir, null);
  assert.equal(config.modelsMirror, null);
  assert.equal(config.minFaceScore, null);
  assert.equal(config.minFaceSize, 20);
  assert.equal(config.logLevel, "info");
  assert.equal(config.logPaths, false);
  assert.equal(config.stallSeconds, 60);
  assert.equal(config.minFreeMb, 256);
  assert.deepEqual(config.allowedHosts, []);
  const root = Deno.build.os === "linux" && Deno.uid() === 0;
  assert.equal(config.dataDir, root ? "/var/lib/safelight" : "/home/ada/data/safelight");
});

Deno.test("settings come from the environment, and paths become absolute", () => {
  const config = readConfig({
    SAFELIGHT_HOST: "0.0.0.0",
    SAFELIGHT_PORT: "0",
    SAFELIGHT_DATA: "here",
    DATABASE_URL: "postgresql://ada:secret@db:5433/photos",
    SAFELIGHT_MODELS: "models",
    SAFELIGHT_MODELS_MIRROR: "http://nas:8000/models",
    SAFELIGHT_DEVICE: "webgpu",
    SAFELIGHT_MIN_FACE_SCORE: "0.7",
    SAFELIGHT_MIN_FACE_SIZE: "32",
    SAFELIGHT_LOG: "json",
    SAFELIGHT_LOG_LEVEL: "warn",
    SAFELIGHT_LOG_PATHS: "1",
    SAFELIGHT_STALL_SECONDS: "90",
    SAFELIGHT_MIN_FREE_MB: "0",
    SAFELIGHT_VECTORS: "pgvector",
    SAFELIGHT_ALLOWED_HOSTS: " photos.example , nas,,",
  });
  assert.deepEqual(config, {
    host: "0.0.0.0",
    port: 0,
    dataDir: resolve("here"),
    databaseUrl: "postgresql://ada:secret@db:5433/photos",
    modelsDir: resolve("models"),
    modelsMirror: "http://nas:8000/models",
    device: "webgpu",
    minFaceScore: 0.7,
    minFaceSize: 32,
    logFormat: "json",
    logLevel: "warn",
    logPaths: true,
    stallSeconds: 90,
    minFreeMb: 0,
    vectors: "pgvector",
    allowedHosts: ["photos.example", "nas"],
  });
});

Deno.test("empty and blank variables count as absent", () => {
  const config = readConfig({ SAFELIGHT_PORT: "", SAFELIGHT_LOG_LEVEL: " ", DATABASE_URL: "" });
  assert.equal(config.port, 8420);
  assert.equal(config.logLevel, "info");
  assert.equal(config.databaseUrl, null);
});

Deno.test("flags win over the environment", () => {
  const environment = { SAFELIGHT_HOST: "0.0.0.0", SAFELIGHT_PORT: "1", SAFELIGHT_DATA: "/a" };
  const config = readConfig(environment, { host: "localhost", port: "2", data: "/b" });
  assert.equal(config.host, "localhost");
  assert.equal(config.port, 2);
  assert.equal(config.dataDir, "/b");
  // Also where the variable they replace could not be used.
  assert.equal(readConfig({ SAFELIGHT_PORT: "abc" }, { port: "2" }).port, 2);
});

Deno.test("a bad value is refused by name, value and what is expected", () => {
  const cannot = "Cannot read the configuration: ";
  const port = "expected a whole number from 0 to 65535";
  for (const bad of ["abc", "70000", "-1", "80.5"]) {
    assert.equal(refusal({ SAFELIGHT_PORT: bad }), `${cannot}SAFELIGHT_PORT is "${bad}", ${port}`);
  }
  for (const bad of ["", " ", "8420x"]) {
    assert.equal(refusal({}, { port: bad }), `${cannot}SAFELIGHT_PORT is "${bad}", ${port}`);
  }
  assert.match(refusal({}, { data: "" }), /SAFELIGHT_DATA is "", expected a folder/);
  assert.match(refusal({}, { host: "" }), /SAFELIGHT_HOST is "", expected a host name/);
  assert.match(
    refusal({ SAFELIGHT_MIN_FACE_SCORE: "1.5" }),
    /"1.5", expected a number from 0 to 1/,
  );
  assert.match(refusal({ SAFELIGHT_MIN_FACE_SIZE: "0" }), /"0", expected a number of pixels/);
  assert.match(refusal({ SAFELIGHT_STALL_SECONDS: "0" }), /"0", expected a number of seconds, 1/);
  assert.match(refusal({ SAFELIGHT_LOG: "xml" }), /"xml", expected text or json/);
  assert.match(refusal({ SAFELIGHT_LOG_LEVEL: "loud" }), /"loud", expected debug, info, warn/);
});

Deno.test("all bad values are told at once", () => {
  const message = refusal({
    SAFELIGHT_PORT: "x",
    SAFELIGHT_LOG: "y",
    SAFELIGHT_MIN_FACE_SIZE: "z",
  });
  for (const name of ["SAFELIGHT_PORT", "SAFELIGHT_LOG", "SAFELIGHT_MIN_FACE_SIZE"]) {
    assert.equal(message.split(`${name} is`).length, 2, message);
  }
});

Deno.test("a database URL that cannot be used is shown without its password", () => {
  for (const url of ["mysql://ada:s3:cr@t@db/photos", "postgres://ada:s3:cr@t@db:99999/photos"]) {
    const message = refusal({ DATABASE_URL: url });
    assert.match(message, /DATABASE_URL is "\w+:\/\/ada:\*\*\*@db/);
    assert.doesNotMatch(message, /s3|cr@t/);
    assert.match(message, /expected a URL such as postgres:\/\//);
  }
});

Deno.test("a child process reads the same configuration from configEnvironment", () => {
  for (const models of ["", "/models"]) {
    const parent = readConfig({
      SAFELIGHT_MODELS: models,
      SAFELIGHT_MIN_FACE_SCORE: "0.61",
      SAFELIGHT_MIN_FACE_SIZE: "33",
      SAFELIGHT_LOG: "text",
      SAFELIGHT_LOG_LEVEL: "debug",
      SAFELIGHT_LOG_PATHS: "1",
      SAFELIGHT_STALL_SECONDS: "3.5",
    }, { data: "/flagged" });
    assert.deepEqual(readConfig(configEnvironment(parent)), parent);
  }
});
