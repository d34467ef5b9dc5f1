import { TenantDatabase } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { countUsage } from '../entitlements/count-usage';
import { noteInTimeline } from '../incidents/timeline';
import { AiAnswer } from './ai-answer.entity';

/** Records answers from an AI. A recorded answer also completes an onboarding step. */
@Injectable()
export class AiAnswers {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  record(
    tenantId: string,
    answer: Pick<AiAnswer, 'incidentId' | 'askedBy' | 'model' | 'source'>,
  ): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      const { incidentId: targetId, model, source } = answer;
      const answeredAt = this.clock.now();
      await scope.insert(AiAnswer, { ...answer, id: uuidv7(answeredAt), answeredAt });
      await noteInTimeline(scope, targetId, answeredAt, {
        kind: 'analysis',
        by: answer.askedBy,
        data: { model, source },
      });
      const entry = { action: 'incident.analysed', targetKind: 'incident', targetId };
      await this.audit.record(scope, { ...entry, after: { model, source } });
      await countUsage(scope, { meter: 'ai_answers', amount: 1, at: answeredAt });
    });
  }

  /** Records that an AI has drafted a runbook. The draft itself is not stored. */
  recordDraft(
    tenantId: string,
    { incidentId: targetId, model, source }: Pick<AiAnswer, 'incidentId' | 'model' | 'source'>,
  ): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      const entry = { action: 'incident.runbook_drafted', targetKind: 'incident', targetId };
      await this.audit.record(scope, { ...entry, after: { model, source } });
      await countUsage(scope, { meter: 'ai_answers', amount: 1, at: this.clock.now() });
    });
  }
}
