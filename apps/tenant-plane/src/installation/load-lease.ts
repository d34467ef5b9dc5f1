import { readFileSync } from 'node:fs';
import { type LeaseClaims } from '@atlas/plane-contract';
import { newTraceId, runInContext } from '@atlas/platform';
import { type LoadLeaseDto } from '@atlas/tenant-api/entitlements';
import { decodeJwt } from 'jose';
import { type InstalledPlane } from './installed-plane';

/** The lease file cannot be loaded. The message says what to do. */
class LeaseFileRefused extends Error {}

/** The output of `atlas-tp lease load`. */
interface LoadedLease {
  readonly tenant: string;
  readonly status: string;
  readonly plan: string;
  readonly serial: number;
  readonly expires_at: Date;
}

/**
 * Loads a lease for whoever runs the plane. Unlike the route for admins, it also works while the tenant is
 * suspended. Loading the current lease again changes nothing. Throws `lease_refused`.
 */
export async function loadLease(
  { leaseFiles, directory }: InstalledPlane,
  path: string,
): Promise<LoadedLease> {
  const lease = leaseIn(path);
  // The tenant that the lease names. Whether the lease is genuine is checked when it is loaded.
  const { sub, serial, exp } = claimsIn(lease);
  const tenant = await directory.find(sub);
  if (!tenant) throw new LeaseFileRefused('The lease is for a tenant that this tenant plane does not have.');
  const actor = { kind: 'plane_operator', id: null };
  const { slug, status, plan } = await runInContext({ traceId: newTraceId(), actor }, () =>
    leaseFiles.load(tenant.id, lease),
  );
  return { tenant: slug, status, plan, serial, expires_at: new Date(exp * 1000) };
}

function claimsIn(lease: string): LeaseClaims {
  try {
    return decodeJwt<LeaseClaims>(lease);
  } catch {
    throw notALeaseFile();
  }
}

function leaseIn(path: string): string {
  const file = readJson(path);
  const { lease } = (file ?? {}) as Partial<LoadLeaseDto>;
  if (typeof lease !== 'string') throw notALeaseFile();
  return lease;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) throw notALeaseFile();
    throw new LeaseFileRefused(`Could not read the lease file: ${(error as Error).message}`);
  }
}

function notALeaseFile(): LeaseFileRefused {
  return new LeaseFileRefused(
    'This is not a lease file, or it is incomplete. Ask whoever runs Atlas for you for a new one: ' +
      'atlas lease <tenant> --out <file>',
  );
}
