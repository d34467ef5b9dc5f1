import { gzipSync } from 'node:zlib';
import {
  type DesiredTransfer,
  PLANE_PATHS,
  TRANSFER_PART_TYPE,
  type Manifest,
  runName,
} from '@atlas/plane-contract';
import { CompactEncrypt, type JWK, importJWK } from 'jose';
import { type PlaneSimulator, type SignedAnswer } from './plane-simulator.fixture';

const ATTEMPT = 'only';

let runs = 0;

/** Returns the name of a new run, which begins after all other runs of its generation. */
export function nextRun(generation = 1): string {
  return runName({ generation, begunAt: new Date((runs += 1)) });
}

/** A part, sealed as a tenant plane would seal it. By default, the only part of a backup. */
export async function sealedPart(
  { id, recipient }: DesiredTransfer,
  manifest: Manifest,
  { part = 1, ...changes }: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const header = { transfer: id, attempt: ATTEMPT, part, kind: 'last', changes: 0, ...changes };
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

/** Names a new run of the generation stated in the plane's entry for the tenant. */
function nextRunOf({ tenants }: PlaneSimulator, id: string): string {
  const entry = [...tenants.values()].find(({ transfer }) => transfer?.id === id);
  return nextRun(entry?.transfer?.generation);
}

/** Requests the first part, as an import does when it begins or resumes. */
export function takePart(
  plane: PlaneSimulator,
  id: string,
  importer = nextRunOf(plane, id),
): Promise<SignedAnswer> {
  return askFor(plane, id, 1, { importer });
}

/** Begins a new import, and reports the part as imported and verified. */
export async function sayImported(
  plane: PlaneSimulator,
  id: string,
  part = 1,
  attempt?: string,
): Promise<SignedAnswer> {
  const importer = nextRunOf(plane, id);
  await takePart(plane, id, importer);
  return sayImportedBy(plane, id, importer, part, attempt);
}

/** Requests the next part, which reports the given one as imported. */
export function sayImportedBy(
  plane: PlaneSimulator,
  id: string,
  importer: string,
  part = 1,
  attempt = ATTEMPT,
): Promise<SignedAnswer> {
  return askFor(plane, id, part + 1, { importer, attempt });
}

function askFor(
  plane: PlaneSimulator,
  id: string,
  part: number,
  asked: Readonly<Record<string, string>>,
): Promise<SignedAnswer> {
  const path = `${PLANE_PATHS.transfers}/${id}/parts/${part}`;
  return plane.call({ method: 'GET', path: `${path}?${new URLSearchParams({ wait: '0', ...asked })}` });
}
