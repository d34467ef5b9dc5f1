import { readFileSync, writeFileSync } from 'node:fs';
import { offlineEnrolmentProblem, profileOf } from '@atlas/deployment-profiles';
import { OFFLINE_ENROL_PATH } from '@atlas/plane-contract';
import { hasFailed } from '../plane-identity/applied';
import { Superseded } from '../plane-identity/fence';
import { enrolledWith } from '../plane-identity/install-bundle';
import {
  OfflineEnrolmentRefused,
  type TrustedAnswer,
  enrolRequestFile,
  requireNotOlder,
  trustedAnswer,
} from './enrolment-file';
import { type InstalledPlane } from './installed-plane';

/**
 * Writes the request file that someone carries to the Control Plane. Can be repeated to get an answer with
 * the latest changes.
 */
export async function writeRequest(
  { config, clock, identities }: InstalledPlane,
  path: string,
): Promise<void> {
  const model = config.deploymentModel ?? identities.current.deploymentModel;
  if (model && !profileOf(model).offlineEnrolmentAllowed)
    throw new OfflineEnrolmentRefused(offlineEnrolmentProblem(model));
  await identities.ensureKeyPair();
  const file = enrolRequestFile(config, identities.current, clock.now());
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
}

/**
 * Applies the Control Plane's answer: the plane's identity, the keys it trusts and the tenants it serves.
 * Another command, or a running plane, may be applying another state at the same time; the newest state wins.
 */
export async function applyAnswer(plane: InstalledPlane, path: string): Promise<void> {
  const { config, identities } = plane;
  const trusted = trustedAnswer(config, identities.current, readJson(path));
  const { revision: toldRevision } = trusted.answer.desired_state;
  await identities.takeOver((identity) => {
    requireNotOlder(identity, trusted);
    return { toldRevision, stateSignedAt: trusted.signedAt };
  });
  try {
    await applyTrusted(plane, trusted);
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
    throw new OfflineEnrolmentRefused(
      'Another answer file, or a running plane, took over before this answer file was fully applied. If ' +
        'this is the newest answer, run the command again.',
    );
  } finally {
    await identities.lease.release();
  }
}

async function applyTrusted(
  { config, identities, applier }: InstalledPlane,
  { answer, signedAt }: TrustedAnswer,
): Promise<void> {
  const { fence } = identities.lease.claim;
  const signed = { body: answer.desired_state, signedAt };
  const before = identities.current.tenantPlaneId;
  const applied = await applier.accept(signed, fence);
  if (hasFailed(applied))
    throw new OfflineEnrolmentRefused(
      `Not all tenants could be applied: ${applied.flatMap(({ error }) => error ?? []).join('; ')}`,
    );
  const { tenant_plane_id: tenantPlaneId, deployment_model: deploymentModel } = answer;
  const enrolled = { tenantPlaneId, deploymentModel, ...enrolledWith(config) };
  await identities.update({ ...enrolled, lastContactAt: signedAt }, fence);
  // Leases are accepted only once the plane knows its own ID.
  if (before !== tenantPlaneId) await applier.accept(signed, fence);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    const { message } = error as Error;
    throw new OfflineEnrolmentRefused(
      error instanceof SyntaxError
        ? `${path} is not JSON, or is incomplete (${message}). Use the complete response from POST ` +
            `${OFFLINE_ENROL_PATH}.`
        : `Could not read the answer file: ${message}`,
    );
  }
}
