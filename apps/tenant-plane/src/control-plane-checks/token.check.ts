import { type CheckOutcome } from '@atlas/tenant-api/deployment';
import { ControlPlaneRefused } from '../control-plane-client/control-plane.errors';
import { refusedFor } from '../control-plane-client/refusal-advice';
import { isWholeToken } from '../plane-identity/install-bundle';
import { type Check, bad, followUp, good } from './check';
import { isProven } from './probe';

const NEW_BUNDLE =
  'Ask your Atlas admin for a new install bundle, and paste both ATLAS_PROVISIONING_TOKEN and ' +
  'INTERNAL_SERVICE_SECRET from it.';

const TAKE_MODEL = 'Set ATLAS_TP_DEPLOYMENT as in the install bundle.';

const FIX_OF_CODE: Readonly<Record<string, string>> = {
  token_already_used:
    "If this plane was installed before, restore its database instead, which contains the plane's " +
    `identity. Otherwise a new bundle is needed. ${NEW_BUNDLE}`,
  token_revoked: NEW_BUNDLE,
  token_expired: NEW_BUNDLE,
  deployment_model_mismatch: TAKE_MODEL,
};

/** Whether the provisioning token is still valid. The check does not consume the token. */
export const tokenCheck: Check = {
  name: 'token',
  isForPreflightOnly: true,
  fixOfSilence: 'First fix what the signature check reports.',
  async run({ isEnrolled, otherModel, config, probe }) {
    if (otherModel !== null)
      return bad(`This plane is enrolled as ${otherModel}, not as ${config.deploymentModel}`, TAKE_MODEL);
    if (isEnrolled) return good('No longer needed: this plane is enrolled');
    const token = config.ATLAS_PROVISIONING_TOKEN;
    if (token === undefined) return bad('ATLAS_PROVISIONING_TOKEN is not set', NEW_BUNDLE);
    if (!isWholeToken(token))
      return bad(
        'ATLAS_PROVISIONING_TOKEN was not pasted completely: its checksum does not match',
        'Paste the line again.',
      );
    const found = await probe();
    if (!isProven(found))
      return followUp('Unknown, because the call did not get through', tokenCheck.fixOfSilence);
    return verdictOn(found.error);
  },
};

function verdictOn(error: unknown): CheckOutcome {
  if (!(error instanceof ControlPlaneRefused) || error.code === 'version_unsupported')
    return good('Valid; the check does not consume it');
  return bad(refusedFor(error), FIX_OF_CODE[error.code] ?? NEW_BUNDLE);
}
