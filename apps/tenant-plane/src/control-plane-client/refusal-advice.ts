import { PLATFORM_KEY_ID, keyIdOf } from '@atlas/service-auth';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { ControlPlaneRefused } from './control-plane.errors';

/** For the log: what the Control Plane said, and which variable to check. */
export function adviceOn(error: unknown, config: TenantPlaneConfig): string {
  const { message } = error as Error;
  if (!(error instanceof ControlPlaneRefused)) return message;
  if (error.code === 'clock_skew') return `${message} Set this machine's clock (NTP).`;
  if (error.code !== 'bad_signature') return message;
  return `The Control Plane refused our signature (bad_signature). ${rightSecret(config)}`;
}

/** Explains which secret must sign our calls. */
export function rightSecret(config: TenantPlaneConfig): string {
  return keyIdOf(config.INTERNAL_SERVICE_SECRET ?? '') === PLATFORM_KEY_ID
    ? "INTERNAL_SERVICE_SECRET here must be the same as the Control Plane's INTERNAL_SERVICE_SECRET."
    : 'INTERNAL_SERVICE_SECRET and ATLAS_PROVISIONING_TOKEN must both be pasted from the newest install ' +
        'bundle.';
}

/** The refusal without the Control Plane's advice, for callers that add their own. */
export function refusedFor({ message, code }: ControlPlaneRefused): string {
  return `${message.split(/\. |\.$/)[0]} (${code})`;
}
