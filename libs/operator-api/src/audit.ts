import {
  type AuditRecord,
  type ChainQuery,
  Optional,
  type Page,
  PageQuery,
  type SealedAuditRecord,
} from '@atlas/platform';
import { IsString, Length } from 'class-validator';

/** The audit trail. */
export interface AuditApi {
  /** List audit entries, newest first */
  'GET /api/audit': { query: ListAuditQuery; 200: Page<AuditView> };
  /** Read the hash chain of the audit trail, oldest entry first */
  'GET /api/audit/chain': { query: ChainQuery; 200: Page<SealedAuditRecord> };
}

export interface AuditView extends AuditRecord {
  /** The tenant that the entry concerns, directly or through a job. */
  readonly tenant_slug: string | null;
}

export class ListAuditQuery extends PageQuery {
  /** @example tenant.provision */
  @Optional()
  @IsString()
  @Length(1, 100)
  action?: string;
}
