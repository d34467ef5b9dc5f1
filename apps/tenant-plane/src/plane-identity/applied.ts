import { type ReportedCode } from '@atlas/plane-contract';

/** The outcome of applying a tenant's entry. */
export interface Applied {
  readonly tenantId: string;
  readonly entryRevision: number;
  readonly error?: string;
  readonly code?: ReportedCode;
  /**
   * Whether the plane will retry this entry, because the error came from the database, a disk or the network.
   */
  readonly isRetried?: boolean;
}

export function hasFailed(applied: readonly Applied[]): boolean {
  return applied.some(({ error }) => error !== undefined);
}
