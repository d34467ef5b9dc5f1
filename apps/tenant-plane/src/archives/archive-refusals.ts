import { DomainError } from '@atlas/platform';

/** The archive is truncated, damaged, altered, or not an archive at all. */
export function archiveDamaged(reason: string): DomainError {
  return new DomainError(
    'archive_damaged',
    'unprocessable',
    `The archive is damaged or was altered: ${reason} Download it again, and import it unchanged.`,
  );
}

export function archiveForeign(): DomainError {
  return new DomainError(
    'archive_foreign',
    'unprocessable',
    'This is not an archive that POST /api/exports has made. Import such an archive unchanged.',
  );
}

export function archiveTooNew(what: string): DomainError {
  return new DomainError(
    'archive_too_new',
    'unprocessable',
    `The archive contains ${what}, which this tenant plane does not know. Upgrade the plane.`,
  );
}

export function archiveTooLarge(reason: string): DomainError {
  return new DomainError('archive_too_large', 'too_large', `The archive is too large: ${reason}`);
}

const ROWS_REFUSED = 'archive_rows_refused';

export function areRowsRefused(error: unknown): boolean {
  return error instanceof DomainError && error.code === ROWS_REFUSED;
}

export function rowsRefused(table: string): DomainError {
  return new DomainError(
    ROWS_REFUSED,
    'unprocessable',
    `The rows of ${table} cannot be stored unchanged here. Import an archive that was not edited.`,
  );
}

/** `importId`: the last import that has succeeded, because the caller may have missed its response. */
export function tenantNotEmpty(table: string, importId: string | null): DomainError {
  const advice =
    importId === null
      ? 'Import into a tenant without any.'
      : `An import has succeeded before: GET /api/imports/${importId} shows it.`;
  return new DomainError(
    'tenant_not_empty',
    'conflict',
    `This tenant already has operational data (${table}). ${advice}`,
    { import_id: importId },
  );
}
