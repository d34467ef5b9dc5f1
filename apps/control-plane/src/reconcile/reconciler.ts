import { setTimeout as delay } from 'node:timers/promises';
import { type Look } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type DriftCheck } from './checks/drift-check';
import { type Drift } from './drift.entity';
import { Drifts } from './drifts';
import { type Subject, type Subjects } from './subjects/subject';

export const DRIFT_CHECKS = Symbol('DRIFT_CHECKS');

/** Long enough that a change in progress, and the row that records it, are both visible. */
const PAUSE_MS = 2000;

/** Subjects to compare. */
export interface Batch {
  readonly source: Subjects;
  /** Null if the subjects could not be read. */
  readonly subjects: readonly Subject[] | null;
}

interface Suspect {
  readonly check: DriftCheck;
  readonly subjectId: string;
}

type Outcome = 'gone' | 'repaired' | 'unchanged';

/**
 * Compares rows with reality. Differences found in two consecutive comparisons
 * are recorded, and repaired if that cannot lose data. Nothing is ever deleted.
 */
@Injectable()
export class Reconciler implements BeforeApplicationShutdown {
  /** Where the subjects of the checks come from. */
  readonly sources: readonly Subjects[];
  private readonly logger = new Logger(Reconciler.name);
  private readonly ending = new AbortController();
  private looks: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(DRIFT_CHECKS) private readonly checks: readonly DriftCheck[],
    private readonly database: Database,
    private readonly drifts: Drifts,
  ) {
    this.sources = [...new Set(checks.map((check) => check.subjects))];
  }

  /**
   * Compares everything. These comparisons run one at a time. Each call starts a new one, which sees
   * everything that was written before the call.
   */
  look(): Promise<Look> {
    const look = this.looks.then(() => this.compareAll());
    this.looks = look.catch(() => undefined);
    return look;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.ending.abort();
    await this.looks;
  }

  /** Throws if the process is ending. */
  goOn(): void {
    this.ending.signal.throwIfAborted();
  }

  /**
   * Compares the batches, one at a time. Then compares again what differed, after a pause, and records and
   * repairs it. Memory is bounded if the number of batches is.
   */
  async compare(batches: AsyncIterable<Batch>): Promise<Look> {
    const look: Look = { looked_at: 0, found: 0, repaired: 0, gone: 0, not_looked_at: [] };
    const suspects: Suspect[] = [];
    for await (const batch of batches) suspects.push(...(await this.suspectsIn(batch, look)));
    if (suspects.length > 0) await this.pause();
    for (const suspect of suspects) {
      this.goOn();
      const drift = await this.confirm(suspect);
      if (!drift) continue;
      look.found += 1;
      await this.settle([drift], look);
    }
    return look;
  }

  /**
   * Up to `most` pages of a source, from `position` on. Calls `passed` with the position that follows each
   * page: null after the last page, or after one that cannot be read.
   */
  async *pages(
    source: Subjects,
    { position, most }: { readonly position: string | null; readonly most: number },
    passed: (next: string | null) => void = () => undefined,
  ): AsyncGenerator<Batch> {
    let next = position;
    let count = 0;
    do {
      const page = await this.read(source, (manager) => source.page(manager, next));
      next = page?.next ?? null;
      passed(next);
      yield { source, subjects: page?.subjects ?? null };
    } while (next !== null && (count += 1) < most);
  }

  /** Those subjects of a source that exist. */
  async some(source: Subjects, ids: readonly string[]): Promise<Batch> {
    return { source, subjects: await this.read(source, (manager) => source.some(manager, ids)) };
  }

  /** Repairs open drifts, or records that they no longer exist. Counts the outcomes in `look`. */
  async settle(drifts: readonly Drift[], look: Look): Promise<void> {
    for (const drift of drifts) {
      this.goOn();
      const outcome = await this.outcome(drift);
      if (outcome !== 'unchanged') look[outcome] += 1;
    }
  }

  private async compareAll(): Promise<Look> {
    const look = await this.compare(this.everything());
    for (let position: string | null = null; ;) {
      const { rows, next } = await this.drifts.openPage(position);
      await this.settle(rows, look);
      if (next === null) return look;
      position = next;
    }
  }

  private async *everything(): AsyncGenerator<Batch> {
    for (const source of this.sources) yield* this.pages(source, { position: null, most: Infinity });
  }

  private async read<T>(source: Subjects, work: (manager: EntityManager) => Promise<T>): Promise<T | null> {
    this.goOn();
    try {
      return await this.database.read(work);
    } catch (error) {
      this.goOn();
      this.logger.warn(`Could not compare subjects of kind ${source.kind}: ${(error as Error).message}`);
      return null;
    }
  }

  /** The first comparison, which finds new differences. */
  private async suspectsIn({ source, subjects }: Batch, look: Look): Promise<Suspect[]> {
    if (subjects === null) {
      noteUnseen(look, source);
      return [];
    }
    look.looked_at += subjects.length;
    const checks = this.checks.filter((check) => check.subjects === source);
    const suspects = subjects
      .filter(({ isBusy }) => !isBusy)
      .flatMap((subject) =>
        checks
          .filter((check) => this.differs(check, subject, look))
          .map((check) => ({ check, subjectId: subject.id })),
      );
    const isOpen = await this.drifts.openAmong(
      suspects.map(({ check, subjectId }) => [check.kind, subjectId]),
    );
    return suspects.filter(({ check, subjectId }) => !isOpen(check.kind, subjectId));
  }

  /** A subject that cannot be checked does not stop the others from being checked. */
  private differs(check: DriftCheck, subject: Subject, look: Look): boolean {
    try {
      return check.find(subject) !== null;
    } catch (error) {
      this.warn(check.kind, subject.id, error);
      noteUnseen(look, check.subjects);
      return false;
    }
  }

  /** Waits for changes that are in progress. */
  private async pause(): Promise<void> {
    await delay(PAUSE_MS, undefined, { signal: this.ending.signal });
  }

  /** The second comparison, under the subject's lock. */
  private async confirm({ check, subjectId }: Suspect): Promise<Drift | null> {
    try {
      return await this.database.write(async (manager) => {
        const subject = await locked(check, subjectId, manager);
        const detail = subject && !subject.isBusy ? check.find(subject) : null;
        return detail === null ? null : this.drifts.open(manager, check, { subjectId, detail });
      });
    } catch (error) {
      this.warn(check.kind, subjectId, error);
      return null;
    }
  }

  private async outcome(drift: Drift): Promise<Outcome> {
    try {
      return await this.database.write((manager) => this.outcomeOf(drift, manager));
    } catch (error) {
      this.warn(drift.kind, drift.subjectId, error);
      return 'unchanged';
    }
  }

  private async outcomeOf(drift: Drift, manager: EntityManager): Promise<Outcome> {
    const check = this.checks.find(({ kind }) => kind === drift.kind);
    const subject = check ? await locked(check, drift.subjectId, manager) : null;
    if (subject?.isBusy) return 'unchanged';
    const detail = check && subject && check.find(subject);
    if (!detail) return this.resolve(manager, drift, 'gone');
    const reason = this.drifts.whyNotRepaired(drift);
    if (reason === null && (await check.repair(manager, subject)))
      return this.resolve(manager, drift, 'repaired');
    await this.drifts.seenAgain(manager, drift, reason === null ? detail : `${detail} ${reason}`);
    return 'unchanged';
  }

  private async resolve(manager: EntityManager, drift: Drift, how: 'gone' | 'repaired'): Promise<Outcome> {
    return (await this.drifts.resolve(manager, drift, how)) ? how : 'unchanged';
  }

  private warn(kind: string, subjectId: string, error: unknown): void {
    this.logger.warn(`Could not check ${kind} for ${subjectId}: ${(error as Error).message}`);
  }
}

function noteUnseen({ not_looked_at: unseen }: Look, { kind }: Subjects): void {
  if (!unseen.includes(kind)) unseen.push(kind);
}

function locked(check: DriftCheck, id: string, manager: EntityManager): Promise<Subject | null> {
  return check.subjects.lock(manager, id).then(() => check.subjects.one(manager, id));
}
