/**
 * Proportions of photos as classes: inline styles are forbidden here, and browsers do not read numbers
 * out of attributes. Steps of 4 %, so that a photo is cut by 2 % at most; from a quarter to six.
 */

const STEP = Math.log(1.04);
const [NARROWEST, WIDEST] = [-36, 46];

const ratioOf = (step: number) => Math.round(Math.exp(step * STEP) * 1000) / 1000;

/** The class of a photo of this size, "r0" for a square one. */
export function ratioClass({ width, height }: { width: number; height: number }): string {
  const step = Math.round(Math.log(width / height) / STEP);
  return `r${Math.min(WIDEST, Math.max(NARROWEST, Number.isFinite(step) ? step : 0))}`;
}

/** A rule for each class: `--r`, width through height. */
export function ratioRules(): string {
  const rules: string[] = [];
  for (let step = NARROWEST; step <= WIDEST; step++) {
    rules.push(`.photos > .r${step} { --r: ${ratioOf(step)}; }`);
  }
  return rules.join("\n") + "\n";
}
