import {
  type AuditRecord,
  type ChainQuery,
  type Page,
  type PageQuery,
  type SealedAuditRecord,
} from '@atlas/platform';

/** The audit trail of the tenant. */
export interface AuditApi {
  /** List audit entries, newest first */
  'GET /api/audit': { query: PageQuery; 200: Page<AuditRecord> };
  /** Read the hash chain of the audit trail, oldest entry first */
  'GET /api/audit/chain': { query: ChainQuery; 200: Page<SealedAuditRecord> };
}
