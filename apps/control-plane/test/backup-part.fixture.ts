import { gzipSync } from 'node:zlib';
import { type DesiredTransfer, PLANE_PATHS, TRANSFER_PART_TYPE, type Manifest } from '@atlas/plane-contract';
import { CompactEncrypt, type JWK, importJWK } from 'jose';
import { type PlaneSimulator, type SignedAnswer } from './plane-simulator.fixture';

const ATTEMPT = 'only';

/** A part as a tenant plane makes it: of a backup, its only one. */
export async function sealedPart(
  { id, recipient }: DesiredTransfer,
  manifest: Manifest,
  {
    part = 1,
    kind = 'last',
    attempt = ATTEMPT,
  }: { part?: number; kind?: 'changes' | 'last'; attempt?: string } = {},
): Promise<string> {
  const header = { transfer: id, attempt, part, kind, changes: 0 };
  return new CompactEncrypt(gzipSync(JSON.stringify({ tables: [], manifest })))
    .setProtectedHeader({ ...header, alg: 'ECDH-ES', enc: 'A256GCM', typ: 'atlas-transfer' })
    .encrypt(await importJWK(recipient as JWK, 'ECDH-ES'));
}

export function sendPart(plane: PlaneSimulator, id: string, sealed: string, part = 1): Promise<SignedAnswer> {
  const path = `${PLANE_PATHS.transfers}/${id}/parts/${part}`;
  const request = plane.sign({ method: 'PUT', path, text: sealed });
  return plane.send({
    method: 'PUT',
    path,
    text: sealed,
    request,
    headers: { 'content-type': TRANSFER_PART_TYPE },
  });
}

export function takePart(plane: PlaneSimulator, id: string): Promise<SignedAnswer> {
  return plane.call({ method: 'GET', path: `${PLANE_PATHS.transfers}/${id}/parts/1?wait=0` });
}

/** Says that the part is imported, and found to be the same, by asking for the one behind it. */
export function sayImported(
  plane: PlaneSimulator,
  id: string,
  part = 1,
  attempt = ATTEMPT,
): Promise<SignedAnswer> {
  return plane.call({
    method: 'GET',
    path: `${PLANE_PATHS.transfers}/${id}/parts/${part + 1}?wait=0&attempt=${attempt}`,
  });
}
