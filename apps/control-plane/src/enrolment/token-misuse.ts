import { type Allowance, Database, Throttle } from '@atlas/persistence';
import { type EnrolRequest } from '@atlas/plane-contract';
import { DomainError, Metrics } from '@atlas/platform';
import { Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Audit } from '../audit/audit';
import { type ProvisioningToken } from './provisioning-token.entity';

/** What somebody who shows a token that is refused has in hands. */
const MISUSES: Readonly<Record<string, string>> = {
  token_already_used: 'spent',
  token_revoked: 'revoked',
  token_expired: 'expired',
  // Of another bundle than the key that signed, or with another secret than the one that was issued.
  bad_signature: 'foreign',
};

/**
 * Of one token and kind. Nothing ever leaves the trail, so that
 * whoever holds a spent token must not be able to fill it.
 */
const ALARMS: Allowance = { name: 'token misuse', limit: 10, windowSeconds: 3600, isStrict: false };

/**
 * A genuine token in the wrong hands, or at the wrong time, is
 * a mistake, a cloned install or a theft: somebody should look.
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
      help: 'Provisioning tokens that were shown and refused, by what was wrong with them',
      labelNames: ['kind'],
      registers: [metrics.registry],
    });
  }

  /**
   * Raises the alarm when `error` says that the token was misused: in the metrics each time, in the audit
   * trail and the log for the first of each hour.
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
        `Provisioning token ${token.id}, which is ${kind}, was shown by ${request.instance_id}.`,
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
