export { fromBase64, fromHex, toBase64, toHex, utf8 } from './bytes.ts';
export { canonicalJson, entryBytes, type Json } from './canonical.ts';
export {
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  verifierKey,
  type Checkpoint,
  type NoteSignature,
  type SignedNote,
  type VerifierKey,
} from './checkpoint.ts';
export { leafHashOf, leafOf } from './entry.ts';
export {
  checkpointLine,
  entryLine,
  headerLine,
  verifyExport,
  type ExportHeader,
  type ExportProblem,
  type ExportVerdict,
  type VerificationMeans,
} from './export.ts';
export {
  consistencyProof,
  inclusionProof,
  rootAt,
  verifyConsistency,
  verifyInclusion,
  type InclusionClaim,
  type NodeReader,
  type ProofSource,
  type TreeHead,
} from './proofs.ts';
export {
  append,
  EMPTY,
  hashLeaf,
  hashNode,
  rootOf,
  type Frontier,
  type Hash,
  type TreeNode,
} from './tree.ts';
