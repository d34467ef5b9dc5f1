import { DomainError, databaseFailure } from '@atlas/platform';
import { type ArchiveFailure } from '@atlas/tenant-api/exports';

export const INTERRUPTED: ArchiveFailure = {
  code: 'interrupted',
  detail: 'The tenant plane stopped in the meantime. Start again.',
};

/** What users are told. Anything that is not meant for them is only logged. */
export function failureOf(error: unknown): ArchiveFailure {
  if (error instanceof DomainError) return { code: error.code, detail: error.message };
  if (databaseFailure(error))
    return { code: 'unavailable', detail: 'The database could not be used for a while. Start again.' };
  return { code: 'internal_error', detail: 'Something went wrong on our side. Start again.' };
}

export function interrupted(): DomainError {
  return new DomainError(INTERRUPTED.code, 'unavailable', INTERRUPTED.detail);
}
