import { type TenantScope, lockedForShare, lockedForUpdate } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { RunbookVersion } from './runbook-version.entity';
import { Runbook } from './runbook.entity';

/**
 * Locks a runbook that may still be used, so that it is not changed or archived before the transaction ends.
 * Throws `runbook_not_found` and `runbook_archived`.
 */
export async function lockedRunbook(
  scope: TenantScope,
  id: string,
  lock: 'share' | 'update',
): Promise<Runbook> {
  const query = scope.query(Runbook, 'runbook').andWhere({ id });
  const runbook = await (lock === 'share' ? lockedForShare(query) : lockedForUpdate(query)).getOne();
  if (!runbook) throw runbookNotFound();
  if (runbook.archivedAt) throw runbookArchived(runbook.name);
  return runbook;
}

/** Throws `runbook_version_not_found`. */
export async function versionOf(
  scope: TenantScope,
  runbookId: string,
  version: number,
): Promise<RunbookVersion> {
  const found = await scope.findOne(RunbookVersion, { runbookId, version });
  if (found) return found;
  const detail = `The runbook has no version ${version}.`;
  throw new DomainError('runbook_version_not_found', 'not_found', detail);
}

export function runbookNotFound(): DomainError {
  return new DomainError('runbook_not_found', 'not_found', 'There is no such runbook.');
}

function runbookArchived(name: string): DomainError {
  const detail = `Runbook "${name}" is archived, so it can no longer be changed or run.`;
  return new DomainError('runbook_archived', 'conflict', detail);
}
