import { type TenantScope, lockedForUpdate } from '@atlas/persistence';
import { type Clock, DomainError, currentContext } from '@atlas/platform';
import { type DataSourceKind } from '@atlas/tenant-api/data-sources';
import { keyRefused } from '../access/claimed-key';
import { type ClaimedKey } from '../access/tenant-request';
import { hashToken } from '../credentials/tenant-token';
import { requireStanding } from '../tenancy/tenant-standing';
import { DataSource } from './data-source.entity';

/**
 * Locks the data source that a key belongs to, so that the key is not revoked before the transaction ends,
 * and its requests are handled one after another. Throws `unauthenticated`, `data_source_disabled` and the
 * refusals of `requireStanding`.
 */
export async function sourceOfKey(
  scope: TenantScope,
  { token }: ClaimedKey,
  clock: Clock,
  kind?: DataSourceKind,
): Promise<DataSource> {
  await requireStanding(scope);
  const hash = hashToken(token);
  const previous = 'cast(source.previousKeys as text) like :previous';
  const query = scope
    .query(DataSource, 'source')
    .andWhere(`(source.keyHash = :hash or ${previous})`, { hash, previous: `%${hash}%` });
  const source = await lockedForUpdate(query).getOne();
  if (!source || !accepts(source, hash, clock.now())) throw keyRefused();
  const context = currentContext();
  if (context) context.actor = { kind: 'data_source', id: source.id };
  if (!source.enabled) throw disabled();
  if (kind && source.kind !== kind) throw otherKind(source);
  return source;
}

function accepts({ keyHash, previousKeys }: DataSource, hash: string, now: Date): boolean {
  return keyHash === hash || previousKeys.some((key) => key.hash === hash && new Date(key.until) > now);
}

function disabled(): DomainError {
  const detail = 'This data source is disabled. Enable it: PATCH /api/data-sources/<id> with enabled: true.';
  return new DomainError('data_source_disabled', 'forbidden', detail);
}

function otherKind({ kind }: DataSource): DomainError {
  const detail = `This key belongs to a data source of the kind ${kind}. Send to /api/ingest/${kind}/<key>.`;
  return new DomainError('data_source_kind', 'forbidden', detail);
}
