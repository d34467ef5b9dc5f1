import { type Allowance, Database, Throttle } from '@atlas/persistence';
import { type EnrolRequest } from '@atlas/plane-contract';
import { DomainError, Metrics } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Audit } from '../audit/audit';
import { type ProvisioningToken } from './provisioning-token.entity';

/** The kind of token behind each refusal. */
const MISUSES: Readonly<Record<string, string>> = {
  token_already_used: 'spent',
  token_revoked: 'revoked',
  token_expired: 'expired',
  // The token is from another bundle than the signing key, or its secret is not the one issued.
  bad_signature: 'foreign',
};

/**
 * Limits alarms per token and kind. Audit entries are never deleted,
 * so whoever holds a used token must not be able to flood the trail.
 */
const ALARMS: Allowance = { name: 'token misuse', limit: 10, windowSeconds: 3600, isStrict: false };

/**
 * Raises an alarm for a genuine token in the wrong hands or at the
 * wrong time: it may be a mistake, a cloned installation or a theft.
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
   * Raises the alarm if `error` shows that the token was misused: always in
   * the metrics, and in the audit trail and the log up to ten times an hour.
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
        `Instance ${request.instance_id} presented provisioning token ${token.id}, which is ${kind}.`,
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
