import { isClockSkew } from '../control-plane-checks/probe';
import { ControlPlaneClient } from '../control-plane-client/control-plane-client';
import { ServiceSecrets } from '../control-plane-client/service-secrets';
import { Enrolment, adviceOnEnrolment } from '../control-plane-link/enrolment';
import { needsEnrolment } from '../plane-identity/install-bundle';
import { type InstalledPlane } from './installed-plane';

/** Why a plane could not be enrolled, and what to do. */
class EnrolmentFailed extends Error {}

/** Enrols the plane. Makes no call if the plane is already enrolled. */
export async function enrolOnce({ config, clock, identities, egress }: InstalledPlane): Promise<void> {
  if (!needsEnrolment(config, identities.current)) return;
  if (config.isOffline)
    throw new EnrolmentFailed(
      'ATLAS_OFFLINE_MODE is set, so no call is made. Enrol with --offline --request <file>, then ' +
        '--offline --answer <file>.',
    );
  const token = config.ATLAS_PROVISIONING_TOKEN;
  if (token === undefined)
    throw new EnrolmentFailed('ATLAS_PROVISIONING_TOKEN is not set: paste it from the install bundle.');
  const client = new ControlPlaneClient(config, clock, new ServiceSecrets(config, identities), egress);
  const enrolment = new Enrolment(client, identities, config);
  // A refusal because of clock skew contains the Control Plane's time, and the client signs the second
  // attempt with that time.
  const attempt = enrolment
    .redeem(token)
    .catch((error: unknown) => (isClockSkew(error) ? enrolment.redeem(token) : Promise.reject(error)));
  await attempt.catch((error: unknown) => {
    throw new EnrolmentFailed(`Not enrolled: ${adviceOnEnrolment(error, config)}`);
  });
  await identities.noteContact();
}
