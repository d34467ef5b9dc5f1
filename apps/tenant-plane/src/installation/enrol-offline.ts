import { readFileSync, writeFileSync } from 'node:fs';
import { offlineEnrolmentProblem, profileOf } from '@atlas/deployment-profiles';
import { OFFLINE_ENROL_PATH } from '@atlas/plane-contract';
import { hasFailed } from '../control-plane-link/desired-state-applier';
import { OfflineEnrolmentRefused, enrolRequestFile, trustedAnswer } from './enrolment-file';
import { enrolledWith } from '../control-plane-link/install-bundle';
import { unfenced } from '../control-plane-link/link-lease';
import { type InstalledPlane } from './installed-plane';

/** Writes the file to be carried to the Control Plane. May be done again: a later answer holds what has changed. */
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

/** Takes the Control Plane's answer: who this plane is, whose signatures it believes, and whom it serves. */
export async function applyAnswer(
  { config, identities, applier }: InstalledPlane,
  path: string,
): Promise<void> {
  const { answer, signedAt } = trustedAnswer(config, identities.current, readJson(path));
  const applied = await applier.accept({ body: answer.desired_state, signedAt }, unfenced);
  if (hasFailed(applied))
    throw new OfflineEnrolmentRefused(
      `Not all tenants could be applied: ${applied.flatMap(({ error }) => error ?? []).join('; ')}`,
    );
  await identities.update({
    tenantPlaneId: answer.tenant_plane_id,
    deploymentModel: answer.deployment_model,
    ...enrolledWith(config),
    lastContactAt: signedAt,
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    const { message } = error as Error;
    throw new OfflineEnrolmentRefused(
      error instanceof SyntaxError
        ? `${path} is no JSON, or was cut (${message}). Take the whole answer of POST ${OFFLINE_ENROL_PATH}.`
        : `The answer file can't be read: ${message}`,
    );
  }
}
