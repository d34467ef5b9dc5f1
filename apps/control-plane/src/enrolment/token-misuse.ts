import { type Allowance, Database, Throttle } from '@atlas/persistence';
import { type EnrolRequest } from '@atlas/plane-contract';
import { DomainError, Metrics } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Audit } from '../audit/audit';
import { type ProvisioningToken } from './provisioning-token.entity';

/** The kind of misuse behind each refusal. */
const MISUSES: Readonly<Record<string, string>> = {
  token_already_used: 'spent',
  token_revoked: 'revoked',
  token_expired: 'expired',
  // The token and the signing key are from different bundles, or the token's secret is wrong.
  bad_signature: 'foreign',
};

/**
 * Limits alarms per token and kind. Audit entries are never deleted, so
 * someone with an old token must not be able to flood the audit trail.
 */
const ALARMS: Allowance = { name: 'token misuse', limit: 10, windowSeconds: 3600, isStrict: false };

/**
 * Raises an alarm if an issued token is presented by the wrong instance or at
 * the wrong time. The cause may be a mistake, a cloned installation or theft.
 */
@Injectable()
export class TokenMisuse {
  private readonly logger = new Logger(TokenMisuse.name);
  private readonly counter: Counter;

  constructor(
    private readonly database: Database,
    private readonly throttle: Throttle,
    private readonly audit: Audit,
    metrics: Metrics,
  ) {
    this.counter = new Counter({
      name: 'atlas_token_misuses_total',
      help: 'Provisioning tokens that were presented and refused, by reason',
      labelNames: ['kind'],
      registers: [metrics.registry],
    });
  }

  /**
   * Raises the alarm if `error` shows that the token was misused. The metrics
   * count every misuse; the audit trail and the log record at most ten an hour.
   */
  async alarm(token: ProvisioningToken, request: EnrolRequest, error: unknown): Promise<void> {
    const kind = error instanceof DomainError ? MISUSES[error.code] : undefined;
    if (kind === undefined) return;
    this.counter.inc({ kind });
    const after = {
      kind,
      tenant_plane_id: token.tenantPlaneId,
      instance_id: request.instance_id,
      consumed_by: token.consumedBy,
      endpoint_url: request.endpoint_url,
    };
    await this.database.write(async (manager) => {
      if (!(await this.throttle.isTaken(ALARMS, [token.id, kind]))) return;
      this.logger.warn(
        `Instance ${request.instance_id} presented provisioning token ${token.id} and was refused (${kind}).`,
      );
      await this.audit.record(manager, {
        action: 'provisioning_token.misused',
        targetKind: 'provisioning_token',
        targetId: token.id,
        after,
      });
    });
  }
}
