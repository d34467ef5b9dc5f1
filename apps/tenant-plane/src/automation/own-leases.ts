import { type TenantScope } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { SecretMask } from '../tenant-secrets/secret-mask';
import { type HttpOutcome } from './http-call';
import { extended, isLapsing } from './lease-times';
import { addToTail } from './output-tails';
import { type RunState, moved, stepUnderWay } from './run-progress';
import { RunStep } from './run-step.entity';
import { RunStore, lockedRun } from './run-store';
import { type BegunStep, StepStarts } from './step-starts';

/** The leases of http steps, which this process has itself. */
@Injectable()
export class OwnLeases {
  constructor(
    private readonly store: RunStore,
    private readonly starts: StepStarts,
    private readonly clock: Clock,
  ) {}

  /** Leases the next step of a run. Null if another process was faster, or the run was cancelled. */
  async begin(scope: TenantScope, runId: string): Promise<BegunStep | null> {
    const state = await lockedRun(scope, runId);
    const step = stepUnderWay(state);
    if (step?.kind !== 'http' || step.status !== 'queued') return null;
    return this.starts.begin(scope, state, step, null);
  }

  /** The step as it is stored. Null if the lease is lost. */
  held(scope: TenantScope, { id, leaseId }: RunStep): Promise<RunStep | null> {
    return scope.findOne(RunStep, { id, leaseId: leaseId ?? IsNull(), status: 'running' });
  }

  isLapsing(step: RunStep): boolean {
    return isLapsing(step, this.clock.now());
  }

  /** Null if the lease is lost. */
  async extend(scope: TenantScope, step: RunStep): Promise<RunStep | null> {
    const held = await lockedWith(scope, step);
    if (!held) return null;
    const longer = extended(held.step, this.clock.now());
    await this.store.store(scope, held.state, [longer]);
    return longer;
  }

  /** Ends the step. Does nothing if the lease is lost. */
  async end(scope: TenantScope, step: RunStep, { output, error }: HttpOutcome): Promise<void> {
    const held = await lockedWith(scope, step);
    if (!held) return;
    if (output !== '') await addToTail(scope, step.id, output, new SecretMask([]));
    const end = {
      finishedAt: this.clock.now(),
      leaseExpiresAt: null,
      outputBytes: Buffer.byteLength(output),
      error,
    };
    await this.store.store(scope, held.state, [moved(held.step, error ? 'failed' : 'succeeded', end)]);
  }
}

interface Held {
  readonly state: RunState;
  readonly step: RunStep;
}

/** Locks the run of a leased step. Null if the lease is lost. */
async function lockedWith(scope: TenantScope, { id, runId, leaseId }: RunStep): Promise<Held | null> {
  const state = await lockedRun(scope, runId);
  const step = state.steps.find((one) => one.id === id);
  return step?.status === 'running' && step.leaseId === leaseId ? { state, step } : null;
}
