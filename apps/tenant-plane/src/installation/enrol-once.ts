import { isClockSkew } from '../control-plane-checks/probe';
import { ControlPlaneClient } from '../control-plane-client/control-plane-client';
import { ServiceSecrets } from '../control-plane-client/service-secrets';
import { Enrolment, adviceOnEnrolment } from '../control-plane-link/enrolment';
import { needsEnrolment } from '../plane-identity/install-bundle';
import { type InstalledPlane } from './installed-plane';

/** What keeps a plane from being enrolled, with what to do. */
class EnrolmentFailed extends Error {}

/** Enrols and ends. An enrolled plane is left as it is, and nobody is called. */
export async function enrolOnce({ config, clock, identities }: InstalledPlane): Promise<void> {
  if (!needsEnrolment(config, identities.current)) return;
  if (config.isOffline)
    throw new EnrolmentFailed(
      'ATLAS_OFFLINE_MODE is set, so no call is made: enrol with --offline --request <file>, then ' +
        '--offline --answer <file>.',
    );
  const token = config.ATLAS_PROVISIONING_TOKEN;
  if (token === undefined)
    throw new EnrolmentFailed('ATLAS_PROVISIONING_TOKEN is not set: paste it from the install bundle.');
  const client = new ControlPlaneClient(config, clock, new ServiceSecrets(config, identities));
  const enrolment = new Enrolment(client, identities, config);
  // A refusal for the clock told the time: the second attempt is signed by it.
  const attempt = enrolment
    .redeem(token)
    .catch((error: unknown) => (isClockSkew(error) ? enrolment.redeem(token) : Promise.reject(error)));
  await attempt.catch((error: unknown) => {
    throw new EnrolmentFailed(`Not enrolled: ${adviceOnEnrolment(error, config)}`);
  });
  await identities.noteContact();
}
