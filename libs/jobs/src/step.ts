import { type EntityManager } from 'typeorm';
import { type FailureClass, type JobDirection, type JobParams, type StepOutputs } from './job';
import { MAX_ATTEMPTS } from './retry-policy';

export interface StepContext {
  readonly jobId: string;
  readonly operation: string;
  readonly params: JobParams;
  /**
   * When this step began or a person last retried it, on this process's clock even if another process began
   * it. Deadlines count from this time.
   */
  readonly startedAt: Date;
  /** The time on the database's clock, for times that other processes read. */
  sharedNow(): Date;
  /** Converts a time on the database's clock to this process's clock. */
  here(shared: Date): Date;
  /** The outputs of earlier steps, by step name. */
  readonly outputs: Readonly<Record<string, StepOutputs>>;
  /** Whether the transaction also starts the job, so that nobody else knows of it or of its new subject. */
  readonly isStarting: boolean;
  /** In an atomic step, the transaction that also records the step. Otherwise a read transaction. */
  readonly manager: EntityManager;
  /** For non-atomic steps: a write transaction that only the holder of the job's lease can commit. */
  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
}

export type StepResult =
  /**
   * `also`: the outputs of later steps whose effects exist already. They are recorded as done together with
   * this step, and undone like any other step. `sent`: writes of an atomic step that are on their way. They
   * are awaited before the step is recorded, but the next step need not wait for them.
   */
  | {
      readonly kind: 'done';
      readonly outputs: StepOutputs;
      readonly also?: Readonly<Record<string, StepOutputs>>;
      readonly sent?: Promise<unknown>;
    }
  /**
   * Run the step again when the job is woken, or at `until`.
   * If `until` had passed before this run began, the wait has timed out.
   */
  | { readonly kind: 'wait'; readonly for: string; readonly until: Date }
  /** The effect of an earlier step has been lost. Run the steps again, starting with step `to`. */
  | { readonly kind: 'back'; readonly to: string };

export const done = (
  outputs: StepOutputs = {},
  also: Readonly<Record<string, StepOutputs>> = {},
): StepResult => ({ kind: 'done', outputs, also });
/** See `sent` in {@link StepResult}. */
export const sent = (writes: Promise<unknown>, outputs: StepOutputs = {}): StepResult => {
  // Whoever records the step awaits the writes, perhaps only after they have failed.
  writes.catch(() => undefined);
  return { kind: 'done', outputs, sent: writes };
};
export const back = (to: string): StepResult => ({ kind: 'back', to });
/**
 * `trouble`: the last failure of an operation that the step waits for, if that operation is still being
 * retried.
 */
export const wait = (what: string, until: Date, trouble: string | null = null): StepResult => {
  const last = trouble === null ? '' : ` (it keeps trying; last failure: ${trouble})`;
  return { kind: 'wait', for: `${what}${last}`, until };
};

/**
 * One step of an operation. It may run again after a crash at any point, so `run` first checks what already
 * exists, and `undo` works from any intermediate state.
 */
export abstract class Step<Context extends StepContext = StepContext> {
  abstract readonly name: string;
  /** Shown in a dry run. */
  abstract readonly description: string;
  /** What the step creates, as shown in a dry run. */
  abstract readonly creates: readonly string[];
  /**
   * Whether the step changes only rows of this database. Its effect and its record are then committed
   * together.
   */
  readonly isAtomic: boolean = true;
  /**
   * The directions in which the step may take up to an hour because
   * it runs an external program or reads a whole backup.
   */
  readonly takesLong: readonly JobDirection[] = [];
  abstract run(context: Context): Promise<StepResult>;
  /**
   * What {@link run} would return if the previous step has just run in the same transaction, so that nothing
   * can have changed since. Null if the step must look.
   */
  rightAfter(_context: Context): StepResult | null {
    return null;
  }
  abstract undo(context: Context): Promise<void>;
}

/** The default fix, for failures without a fix of their own. */
const USUAL_FIX: Readonly<Record<Exclude<FailureClass, 'operator'>, string>> = {
  retry:
    `The job retries automatically, up to ${MAX_ATTEMPTS} times. If it has failed, Atlas on-call: fix ` +
    'the cause, then retry the job.',
  fatal:
    'The job is undone automatically. Atlas on-call: fix the cause, then start the operation again as a ' +
    'new job.',
};

/** A failure that the step can classify. Any other error counts as `retry`. */
export class StepFailure extends Error {
  /** Who has to do what to fix the failure. */
  readonly fix: string;

  /** `detail` says what happened and why. Only a failure that needs no action by a person may omit `fix`. */
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
