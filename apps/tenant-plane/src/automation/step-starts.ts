import { type TenantScope } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { extended } from './lease-times';
import { type RunState, moved } from './run-progress';
import { type RunStep } from './run-step.entity';
import { RunStore } from './run-store';
import { type HandedStep, StepSecrets } from './step-secrets';

export interface BegunStep {
  readonly step: RunStep;
  readonly handed: HandedStep;
}

/**
 * Starts queued steps, each with a lease. A lease is given once: if it expires without a result, the step may
 * have run, so it fails, and only a person starts it again.
 */
@Injectable()
export class StepStarts {
  constructor(
    private readonly store: RunStore,
    private readonly secrets: StepSecrets,
    private readonly clock: Clock,
  ) {}

  /**
   * Leases a queued step of a locked run to an agent or, if `agentId` is null, to this process. If its
   * secrets cannot be opened, the step fails, and the answer is null.
   */
  async begin(
    scope: TenantScope,
    state: RunState,
    step: RunStep,
    agentId: string | null,
  ): Promise<BegunStep | null> {
    const startedAt = this.clock.now();
    const leaseId = uuidv7(startedAt);
    const running = extended(moved(step, 'running', { agentId, leaseId, startedAt }), startedAt);
    const entry = {
      action: 'run.step_started',
      targetKind: 'run',
      targetId: step.runId,
      after: { step: step.name, agent_id: agentId },
    };
    const handed = await this.secrets.handed(scope, state.run, step).catch(onlyDomainError);
    if (handed instanceof DomainError) {
      const { code, message: detail } = handed;
      const end = { finishedAt: startedAt, leaseExpiresAt: null, error: { code, detail } };
      await this.store.store(scope, state, [moved(running, 'failed', end)]);
      return null;
    }
    await this.store.store(scope, state, [running], { by: null, entry });
    return { step: running, handed };
  }
}

function onlyDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}
