/** What somebody can do to people and their faces: each is one change, and can be undone. */

export { answerProposal } from "./answer_proposal.ts";
export { type Answer, answerSuggestions } from "./answer_suggestions.ts";
export { assignFaces, moveFaces } from "./assign.ts";
export { type Change, undoChange } from "./change.ts";
export { setClusterCover } from "./cluster_cover.ts";
export { drawFace } from "./draw_face.ts";
export { PeopleFault } from "./fault.ts";
export { type HiddenAs, hideCluster, hideFaces, removeFace } from "./hide.ts";
export { mergePeople } from "./merge_people.ts";
export { mergeClusters, nameCluster } from "./name_cluster.ts";
export { deletePerson, hidePerson, renamePerson, setCover, showPerson } from "./person_rows.ts";
export { releaseFaces } from "./release.ts";
export { splitFaces } from "./split.ts";
export type { Target } from "./targets.ts";
