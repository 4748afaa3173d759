# Two stages: a compiler builds the search index's addon, and stays behind.
FROM denoland/deno:debian-2.9.6 AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY deno.json deno.lock ./
RUN deno install --frozen
COPY . .
RUN deno task build

FROM denoland/deno:debian-2.9.6
# The user who reads the photos: the first one of most systems, so that yours can be read.
ARG UID=1000
ARG GID=1000
RUN groupadd --gid "$GID" safelight && useradd --uid "$UID" --gid "$GID" --no-create-home safelight \
  && install -d -o safelight -g safelight /data
COPY --from=build /app /app
WORKDIR /app
# The file system is read-only when this runs; what Deno wants to remember goes to a tmpfs.
ENV DENO_DIR=/tmp/deno DENO_NO_UPDATE_CHECK=1 SAFELIGHT_DATA=/data SAFELIGHT_LOG=json
# ONNX Runtime's official builds send usage statistics otherwise.
ENV ORT_DISABLE_TELEMETRY=1
USER safelight
ENTRYPOINT []
CMD ["deno", "run", "-A", "--cached-only", "main.ts", "serve", "--host", "0.0.0.0"]
