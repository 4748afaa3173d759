import type { PhaseTimeline } from "../jobs/read_timeline.ts";
import { number } from "./format.ts";
import { niceCeiling, timeScale } from "./time_scale.ts";
import { Axis, SegmentBar } from "./timeline_plot.tsx";
import { PHASE_TITLES } from "./words.ts";

const HEIGHT = 130;

/** Room for the label of the uppermost line, which stands on it. */
const TOP = 18;

const UNITS = {
  discovery: "pictures a minute",
  training: "pictures a minute",
  face_detection: "photos a minute",
  // Its units of work mean nothing to people.
  clustering: "percent a minute",
} as const;

/** How fast a phase went, over its own time: an area with gaps where it was paused or held. */
export function ThroughputPlot({ phase, now }: { phase: PhaseTimeline; now: Date }) {
  const { name, segments, total } = phase;
  const factor = name !== "clustering" ? 1 : total ? 100 / total : null;
  if (phase.throughput.length === 0 || factor === null) return null;
  const points = phase.throughput.map((point) => ({
    ...point,
    perMinute: point.perMinute * factor,
  }));
  const fastest = Math.max(...points.map(({ perMinute }) => perMinute));
  if (fastest === 0) return null;
  const most = niceCeiling(fastest);
  const scale = timeScale(
    { from: segments[0].from, to: segments.at(-1)!.to },
    segments.filter(({ state }) => state === "waiting"),
    { most: 4 },
  );
  const x = (at: Date) => (scale.place(at) * 10).toFixed(1);
  const y = (rate: number) => (100 * (1 - rate / most)).toFixed(1);
  const runs: (typeof points)[] = [];
  for (const point of points) {
    const touches = runs.at(-1)?.at(-1)?.to.getTime() === point.from.getTime();
    if (touches) runs.at(-1)!.push(point);
    else runs.push([point]);
  }
  const steps = (run: typeof points) =>
    run.map(({ from, to, perMinute }) => `L${x(from)} ${y(perMinute)}L${x(to)} ${y(perMinute)}`)
      .join("");
  const id = `throughput-${name}`;
  const units = UNITS[name];
  return (
    <figure>
      <figcaption>
        <h3>{PHASE_TITLES[name]}</h3>
        <span>{units}</span>
      </figcaption>
      <svg
        class="plot"
        width="100%"
        height={HEIGHT + 26}
        role="img"
        aria-labelledby={`${id}-title ${id}-desc`}
      >
        <title id={`${id}-title`}>{`${PHASE_TITLES[name]}: ${units}`}</title>
        <desc id={`${id}-desc`}>
          {`Between ${figure(Math.min(...points.map(({ perMinute }) => perMinute)))} and ` +
            `${figure(fastest)} ${units}`}
        </desc>
        <Axis scale={scale} height={HEIGHT} />
        <svg y={TOP} width="100%" height={HEIGHT - TOP} overflow="visible">
          {segments.filter(({ state }) => state === "paused" || state === "held").map((segment) => (
            <SegmentBar
              segment={segment}
              scale={scale}
              now={now}
              bar={{ top: 0, height: HEIGHT - TOP }}
            />
          ))}
          <svg width="100%" height="100%" viewBox="0 0 1000 100" preserveAspectRatio="none">
            {runs.map((run) => (
              <>
                <path
                  class="area"
                  d={`M${x(run[0].from)} 100${steps(run)}L${x(run.at(-1)!.to)} 100Z`}
                />
                <path class="line" d={steps(run).replace("L", "M")} />
              </>
            ))}
          </svg>
        </svg>
        <g class="axis">
          {[1, 0.5].map((share) => {
            const level = TOP + (HEIGHT - TOP) * (1 - share);
            return (
              <>
                <line x1="0" x2="100%" y1={level} y2={level} />
                <text x="0" y={level - 5}>{figure(most * share)}</text>
              </>
            );
          })}
          <line class="ground" x1="0" x2="100%" y1={HEIGHT} y2={HEIGHT} />
        </g>
      </svg>
    </figure>
  );
}

const figure = (value: number) =>
  value >= 10 || value === 0 ? number(Math.round(value)) : String(Number(value.toPrecision(2)));
