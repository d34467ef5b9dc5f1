import { DomainError } from '@atlas/platform';

/** A call did not leave the plane. Names fields, but never their values. */
export function egressRefused(name: string, why: string): DomainError {
  const detail =
    `Nothing was sent, because ${why} ("${name}" in GET /api/residency lists what may leave). ` +
    'Report this to Atlas. No setting allows it.';
  return new DomainError('egress_refused', 'forbidden', detail);
}

/** The network has failed, before or after a call was sent. `cause` is the error of `fetch`. */
export class NetworkFailure extends Error {}
