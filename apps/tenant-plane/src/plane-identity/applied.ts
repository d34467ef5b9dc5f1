import { type ReportedCode } from '@atlas/plane-contract';

/** What became of a tenant's entry. */
export interface Applied {
  readonly tenantId: string;
  readonly entryRevision: number;
  readonly error?: string;
  readonly code?: ReportedCode;
  /**
   * The error is not the last word: it is of the database, a disk or the line, and the same is tried again.
   */
  readonly isRetried?: boolean;
}

export function hasFailed(applied: readonly Applied[]): boolean {
  return applied.some(({ error }) => error !== undefined);
}
