import { type Proof } from './proof';
import { API_FUZZ } from './proofs/api-fuzz.proof';
import { ASVS_LEDGER } from './proofs/asvs-ledger.proof';
import { BLAST_RADIUS } from './proofs/blast-radius.proof';
import { CHAOS_DATABASE } from './proofs/chaos-database.proof';
import { COMMIT_FAILURES } from './proofs/commit-failures.proof';
import { COMPENSATION } from './proofs/compensation.proof';
import { CP_OUTAGE } from './proofs/cp-outage.proof';
import { CRASH_MATRIX } from './proofs/crash-matrix.proof';
import { DEPROVISION } from './proofs/deprovision.proof';
import { DISK_FULL } from './proofs/disk-full.proof';
import { DUMP_SCAN } from './proofs/dump-scan.proof';
import { FENCING } from './proofs/fencing.proof';
import { HOST_ATTACKS } from './proofs/host-attacks.proof';
import { IDEMPOTENCY } from './proofs/idempotency.proof';
import { ISOLATION_CANARY } from './proofs/isolation-canary.proof';
import { ISOLATION_MATRIX } from './proofs/isolation-matrix.proof';
import { LOGIN_ABUSE } from './proofs/login-abuse.proof';
import { MOVE } from './proofs/move.proof';
import { RECONCILE } from './proofs/reconcile.proof';
import { RECONNECT_HERD } from './proofs/reconnect-herd.proof';
import { REDACTION } from './proofs/redaction.proof';
import { REPOSITORY_FAILS_CLOSED } from './proofs/repository-fails-closed.proof';
import { REVOCATION_RACES } from './proofs/revocation-races.proof';
import { RLS_LINT } from './proofs/rls-lint.proof';
import { SEAL_ROTATION } from './proofs/seal-rotation.proof';
import { SEAL_SWAP } from './proofs/seal-swap.proof';
import { SECRET_ROTATION } from './proofs/secret-rotation.proof';
import { SIGNATURE_MUTATION } from './proofs/signature-mutation.proof';
import { SIGNATURE_REPLAY } from './proofs/signature-replay.proof';
import { SOAK } from './proofs/soak.proof';
import { TOKEN_LIFECYCLE } from './proofs/token-lifecycle.proof';
import { TOKEN_LOST_RESPONSE } from './proofs/token-lost-response.proof';
import { TOKEN_RACE } from './proofs/token-race.proof';
import { TP_CLONE } from './proofs/tp-clone.proof';

/** Every proof. A new one needs a file, a line here and a target in project.json. */
export const PROOFS: readonly Proof[] = [
  TOKEN_RACE,
  TOKEN_LOST_RESPONSE,
  TOKEN_LIFECYCLE,
  TP_CLONE,
  SIGNATURE_MUTATION,
  SIGNATURE_REPLAY,
  SECRET_ROTATION,
  BLAST_RADIUS,
  ISOLATION_MATRIX,
  ISOLATION_CANARY,
  HOST_ATTACKS,
  RLS_LINT,
  REPOSITORY_FAILS_CLOSED,
  SEAL_SWAP,
  SEAL_ROTATION,
  REDACTION,
  DUMP_SCAN,
  CRASH_MATRIX,
  COMPENSATION,
  FENCING,
  CHAOS_DATABASE,
  DISK_FULL,
  COMMIT_FAILURES,
  IDEMPOTENCY,
  CP_OUTAGE,
  DEPROVISION,
  MOVE,
  RECONCILE,
  SOAK,
  RECONNECT_HERD,
  LOGIN_ABUSE,
  REVOCATION_RACES,
  ASVS_LEDGER,
  API_FUZZ,
];
