import type { ClusteringDifference } from "../../db/schema.ts";

/**
 * What a grouping changed, as one sentence without a full stop, such as "3 groups grew, 2 are new, 1
 * is gone; 41 faces changed places; 2 questions wait for an answer".
 */
export function differenceInWords(difference: ClusteringDifference): string {
  const { grown, changed, made, gone, facesMoved, proposals } = difference;
  const groups = ([
    [grown, "grew", "grew"],
    [changed, "lost faces", "lost faces"],
    [made, "is new", "are new"],
    [gone, "is gone", "are gone"],
  ] as const).filter(([count]) => count > 0).map(([count, one, many], index) => {
    const noun = index > 0 ? "" : count === 1 ? " group" : " groups";
    return `${count.toLocaleString("en")}${noun} ${count === 1 ? one : many}`;
  });
  const parts = [groups.length === 0 ? "the groups are as they were" : groups.join(", ")];
  if (facesMoved > 0) parts.push(`${counted(facesMoved, "face")} changed places`);
  if (proposals > 0) {
    parts.push(
      `${counted(proposals, "question")} ${proposals === 1 ? "waits" : "wait"} for an answer`,
    );
  }
  return parts.join("; ");
}

const counted = (count: number, noun: string) =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
