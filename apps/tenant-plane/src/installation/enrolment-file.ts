import { SecretBox, deriveKey } from '@atlas/persistence';
import {
  ENROL_ANSWER_FORMAT,
  ENROL_REQUEST_FORMAT,
  type EnrolAnswerFile,
  type EnrolRequestFile,
  OFFLINE_CAPABILITY,
  OFFLINE_ENROL_PATH,
  type OfflineEnrolAnswer,
  SEALED_TOKEN_PURPOSE,
  headersOfSignature,
  isOlderRevision,
  sealedTokenPlace,
  signatureOfHeaders,
} from '@atlas/plane-contract';
import { keyIdOf, signRequest, verifyResponse } from '@atlas/service-auth';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { enrolRequestOf } from '../control-plane-client/enrol-request';
import { type PlaneIdentity } from '../plane-identity/plane-identity.entity';

/** The offline enrolment cannot continue with this file or environment. The message says what to do. */
export class OfflineEnrolmentRefused extends Error {}

/**
 * The enrolment as a file. The file is signed in the same way as the enrolment call would be. Its token is
 * sealed with the bundle's secret, which only the two planes have, so the file is useless to anyone who
 * intercepts it.
 */
export function enrolRequestFile(
  config: TenantPlaneConfig,
  identity: Readonly<PlaneIdentity>,
  now: Date,
): EnrolRequestFile {
  const url = new URL(OFFLINE_ENROL_PATH, required(config, 'CONTROL_PLANE_BASE_URL'));
  const secret = required(config, 'INTERNAL_SERVICE_SECRET');
  const key = { keyId: keyIdOf(secret), secret };
  const box = new SecretBox([{ id: 'bundle', key: deriveKey(secret, SEALED_TOKEN_PURPOSE) }]);
  const token = box.seal(
    required(config, 'ATLAS_PROVISIONING_TOKEN'),
    sealedTokenPlace(key.keyId, identity.instanceId),
  );
  const body = JSON.stringify(enrolRequestOf(config, identity, token, [OFFLINE_CAPABILITY]));
  const signature = signatureOfHeaders(signRequest({ method: 'POST', url, body, ...key, now }));
  return { format: ENROL_REQUEST_FORMAT, body, signature };
}

export interface TrustedAnswer {
  readonly answer: OfflineEnrolAnswer;
  /** When the Control Plane signed the answer. */
  readonly signedAt: Date;
}

/**
 * Returns the answer from a file. Throws unless the answer is signed with our secret and meant for this
 * installation.
 */
export function trustedAnswer(
  config: TenantPlaneConfig,
  identity: Readonly<PlaneIdentity>,
  file: unknown,
): TrustedAnswer {
  const { body, answers, signature } = answerFile(file);
  const secret = required(config, 'INTERNAL_SERVICE_SECRET');
  const received = {
    status: 200,
    body,
    headers: headersOfSignature(signature),
    request: { signature: answers },
  };
  const signedAt = new Date(verified({ ...received, keyId: keyIdOf(secret), secret }) * 1000);
  const answer = JSON.parse(body) as OfflineEnrolAnswer;
  if (answer.instance_id !== identity.instanceId)
    throw new OfflineEnrolmentRefused(
      'The answer file is for a different installation, because its request was written with a ' +
        'different database.',
    );
  if (identity.tenantPlaneId !== null && identity.tenantPlaneId !== answer.tenant_plane_id)
    throw new OfflineEnrolmentRefused('The answer file is for a different tenant plane, not this one.');
  return { answer, signedAt };
}

/**
 * An old file must not undo later changes. Compares the times, because revisions of different epochs cannot
 * be compared. Also compares the revisions, because two files may have been signed in the same second.
 */
export function requireNotOlder(
  { revision: applied, toldRevision: received, stateSignedAt }: Readonly<PlaneIdentity>,
  { answer, signedAt }: TrustedAnswer,
): void {
  const { revision } = answer.desired_state;
  if (stateSignedAt !== null && signedAt < stateSignedAt)
    throw new OfflineEnrolmentRefused(
      `The answer file is from ${signedAt.toISOString()}, but this plane has a state that the Control ` +
        `Plane signed at ${stateSignedAt.toISOString()}. Upload the request file again for a new answer.`,
    );
  // A replica that runs the previous version records only what it has applied.
  const newer = [received, applied].find((known) => known !== null && isOlderRevision(revision, known));
  if (newer != null)
    throw new OfflineEnrolmentRefused(
      `The answer file has revision ${revision}, but this plane has received ${newer}. Upload the ` +
        'request file again for a new answer.',
    );
}

function answerFile(file: unknown): EnrolAnswerFile {
  const { format, body, answers, signature } = (file ?? {}) as Partial<EnrolAnswerFile>;
  const hasSignature = typeof signature === 'object' && signature !== null;
  if (
    format === ENROL_ANSWER_FORMAT &&
    typeof body === 'string' &&
    typeof answers === 'string' &&
    hasSignature
  )
    return { format, body, answers, signature };
  throw new OfflineEnrolmentRefused(noAnswerFile(file ?? {}));
}

/**
 * Explains what kind of file this is instead, or what is missing from it, and where to get the right file.
 */
function noAnswerFile(file: object): string {
  const { format, code, detail } = file as { format?: unknown; code?: unknown; detail?: unknown };
  const ask =
    `Use the complete response from POST ${OFFLINE_ENROL_PATH}, to which your Atlas admin uploads the ` +
    'request file.';
  if (format === ENROL_REQUEST_FORMAT) return `This is the request file, not the answer to it. ${ask}`;
  if (typeof code === 'string' && typeof detail === 'string')
    return `The Control Plane refused the request file (${code}): ${detail}`;
  if (format !== ENROL_ANSWER_FORMAT)
    return `This is not an answer file: its format is not "${ENROL_ANSWER_FORMAT}". ${ask}`;
  const missing = ['body', 'answers', 'signature'].filter((field) => !(field in file));
  return (
    `This answer file is incomplete${missing.length > 0 ? `: it lacks ${missing.join(', ')}` : ''}. ` +
    `${ask}`
  );
}

function verified(response: Parameters<typeof verifyResponse>[0]): number {
  try {
    return verifyResponse(response).created;
  } catch (error) {
    throw new OfflineEnrolmentRefused(
      "The answer file can't be trusted: INTERNAL_SERVICE_SECRET is not the one that its request was " +
        `signed with, or the file was altered. (${(error as Error).message})`,
    );
  }
}

function required<
  T extends 'CONTROL_PLANE_BASE_URL' | 'INTERNAL_SERVICE_SECRET' | 'ATLAS_PROVISIONING_TOKEN',
>(config: TenantPlaneConfig, name: T): NonNullable<TenantPlaneConfig[T]> {
  const value = config[name];
  if (value === undefined)
    throw new OfflineEnrolmentRefused(`${name} is not set: paste it from the install bundle.`);
  return value as NonNullable<TenantPlaneConfig[T]>;
}
