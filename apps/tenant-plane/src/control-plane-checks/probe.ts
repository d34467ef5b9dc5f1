import { PLANE_PATHS, TENANT_PLANE_ID_PARAMETER } from '@atlas/plane-contract';
import { type TenantPlaneConfig } from '../config/tenant-plane.config';
import { type ControlPlaneClient, type SignedCall } from '../control-plane-client/control-plane-client';
import { ControlPlaneRefused } from '../control-plane-client/control-plane.errors';
import { enrolRequestOf } from '../control-plane-client/enrol-request';
import { isWholeToken, needsEnrolment } from '../plane-identity/install-bundle';
import { type PlaneIdentity } from '../plane-identity/plane-identity.entity';

const TIMEOUT_MS = 4500;

/** The result of one signed call to the Control Plane. */
export interface Probe {
  /** Undefined if the call succeeded. */
  readonly error?: unknown;
  /** How far this machine's clock is behind, in milliseconds; undefined without a signed response. */
  readonly clockOffsetMs?: number;
  /** The round-trip time of the last attempt. */
  readonly roundTripMs: number;
  readonly controlPlaneVersion?: string;
}

/**
 * Checks that the Control Plane accepts the secret, without consuming the token. A plane that has yet to
 * enrol and has a complete token makes a dry run of its enrolment. Any other plane pulls its desired state
 * without waiting. Takes a separate client, so that the clock check sees the current difference.
 */
export async function probeControlPlane(client: ControlPlaneClient, call: SignedCall): Promise<Probe> {
  const first = await attempt(client, call);
  // The refusal contains the Control Plane's time, and the client signs the second call with that time.
  return isClockSkew(first.error) && first.clockOffsetMs !== undefined ? attempt(client, call) : first;
}

export function probeCallOf(config: TenantPlaneConfig, identity: PlaneIdentity | null): SignedCall {
  const token = config.ATLAS_PROVISIONING_TOKEN;
  const isRehearsal = needsEnrolment(config, identity) && token !== undefined && isWholeToken(token);
  return isRehearsal
    ? {
        egress: CHECK,
        method: 'POST',
        path: PLANE_PATHS.enrol,
        query: { dry_run: 'true' },
        body: enrolRequestOf(config, identity ?? nobody(), token),
        ...SIGNED,
      }
    : { egress: CHECK, method: 'GET', path: PLANE_PATHS.desiredState, query: queryOf(identity), ...SIGNED };
}

const CHECK = { class: 'integration_check' } as const;
const SIGNED = { timeoutMs: TIMEOUT_MS, mustBeSigned: true };

function queryOf(identity: PlaneIdentity | null): Record<string, string> {
  return {
    wait: '0',
    ...(identity?.tenantPlaneId && { [TENANT_PLANE_ID_PARAMETER]: identity.tenantPlaneId }),
    ...(identity?.revision && { since: identity.revision }),
  };
}

/**
 * A placeholder for the identity, which does not exist before the first start. A dry run needs no real
 * identity.
 */
function nobody(): Pick<PlaneIdentity, 'instanceId' | 'publicKey'> {
  return {
    instanceId: '00000000-0000-4000-8000-000000000000',
    publicKey: { kty: 'OKP', crv: 'X25519', x: '' },
  };
}

async function attempt(client: ControlPlaneClient, call: SignedCall): Promise<Probe> {
  const startedAt = performance.now();
  const error = await client.call(call).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const roundTripMs = Math.round(performance.now() - startedAt);
  const { clockOffsetMs, controlPlaneVersion } = client;
  return { error, clockOffsetMs, roundTripMs, controlPlaneVersion };
}

export function isClockSkew(error: unknown): boolean {
  return error instanceof ControlPlaneRefused && error.code === 'clock_skew';
}

/** True if the Control Plane accepted the signature, even if it refused the request. */
export function isProven({ error }: Probe): boolean {
  if (error === undefined) return true;
  return error instanceof ControlPlaneRefused && !UNPROVEN.includes(error.code) && error.status < 500;
}

/** Codes that a Control Plane never returns for these calls, so another server must have responded. */
export const NOT_THE_CONTROL_PLANE: readonly string[] = ['unexpected_answer', 'not_found'];
const UNPROVEN = ['bad_signature', 'clock_skew', ...NOT_THE_CONTROL_PLANE];
