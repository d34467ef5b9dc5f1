import { type EntityManager } from 'typeorm';
import { type FailureClass, type JobDirection, type JobParams, type StepOutputs } from './job';
import { MAX_ATTEMPTS } from './retry-policy';

export interface StepContext {
  readonly jobId: string;
  readonly operation: string;
  readonly params: JobParams;
  /**
   * When this step began, or was begun again by a person: what it waits for has until a time after that. By this process's
   * clock, whichever process began it.
   */
  readonly startedAt: Date;
  /** Now, by the time that all processes share: for a row that another process compares with its own time. */
  sharedNow(): Date;
  /** Such a time as this process's clock tells it. */
  here(shared: Date): Date;
  /** What earlier steps of this job left. */
  readonly outputs: Readonly<Record<string, StepOutputs>>;
  /** In an atomic step: the transaction that also records the step. Otherwise one for reading. */
  readonly manager: EntityManager;
  /** For a step that is not atomic: a transaction that only the holder of the job's lease commits. */
  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

export type StepResult =
  | { readonly kind: 'done'; readonly outputs: StepOutputs }
  /** `until` is when it is looked at again; when it was over before the look, waiting has failed. Whoever brings what it waits for wakes the job. */
  | { readonly kind: 'wait'; readonly for: string; readonly until: Date }
  /** The effect of an earlier step is gone, so the job runs its steps again from that one. */
  | { readonly kind: 'back'; readonly to: string };

export const done = (outputs: StepOutputs = {}): StepResult => ({ kind: 'done', outputs });
export const back = (to: string): StepResult => ({ kind: 'back', to });
/** `trouble`: what it failed of last, where whoever is waited for tries again. */
export const wait = (what: string, until: Date, trouble: string | null = null): StepResult => {
  const last = trouble === null ? '' : ` (it is tried again, and failed last with: ${trouble})`;
  return { kind: 'wait', for: `${what}${last}`, until };
};

/**
 * One step of an operation. It may run again after a crash at any point, so `run` first looks what is there; `undo` works
 * from any half-done state and never needs the missing part to exist.
 */
export abstract class Step<Context extends StepContext = StepContext> {
  abstract readonly name: string;
  /** For people, in the dry run. */
  abstract readonly description: string;
  /** What exists afterwards that did not before. */
  abstract readonly creates: readonly string[];
  /** Its effect is rows of this database only: effect and record are then one transaction. */
  readonly isAtomic: boolean = true;
  /** The directions in which the step may take up to an hour, because it runs a program or reads a whole backup. */
  readonly takesLong: readonly JobDirection[] = [];
  abstract run(context: Context): Promise<StepResult>;
  abstract undo(context: Context): Promise<void>;
}

/** What holds where a failure that needs no person at once says nothing else. */
const USUAL_FIX: Readonly<Record<Exclude<FailureClass, 'operator'>, string>> = {
  retry: `The job tries again by itself, up to ${MAX_ATTEMPTS} times. If it has failed, Atlas on-call: fix the cause, then retry the job.`,
  fatal:
    'The job undoes itself. Atlas on-call: fix the cause, then ask for the operation again as a new job.',
};

/** A failure that a step knows the meaning of; any other error counts as `retry`. */
export class StepFailure extends Error {
  /** Who has to do what. */
  readonly fix: string;

  /** `detail` says what happened and why. Only a failure that needs no person may leave `fix` out. */
  constructor(failureClass: FailureClass, code: string, detail: string, fix: string);
  constructor(failureClass: Exclude<FailureClass, 'operator'>, code: string, detail: string);
  constructor(
    readonly failureClass: FailureClass,
    readonly code: string,
    detail: string,
    fix?: string,
  ) {
    super(detail);
    this.name = 'StepFailure';
    this.fix = fix ?? (failureClass === 'operator' ? '' : USUAL_FIX[failureClass]);
  }
}
