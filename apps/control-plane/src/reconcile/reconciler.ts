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
/**
 * The maximum number of differences that one reconciliation confirms. More than this suggests a problem of
 * another kind. The next reconciliation continues with the rest.
 */
const MOST_SUSPECTS = 1000;

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
  private readonly logger = new Logger(Reconciler.name);
  private readonly ending = new AbortController();
  private looks: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(DRIFT_CHECKS) private readonly checks: readonly DriftCheck[],
    private readonly database: Database,
    private readonly drifts: Drifts,
  ) {}

  /**
   * Reconciliations run one at a time. Each call starts a new one, which sees everything that was written
   * before the call.
   */
  look(): Promise<Look> {
    const look = this.looks.then(() => this.compare());
    this.looks = look.catch(() => undefined);
    return look;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.ending.abort();
    await this.looks;
  }

  private async compare(): Promise<Look> {
    const look: Look = { looked_at: 0, found: 0, repaired: 0, gone: 0, not_looked_at: [] };
    const suspects = await this.suspects(look);
    if (suspects.length > 0) await this.pause();
    for (const suspect of suspects) if (await this.confirm(suspect)) look.found += 1;
    for await (const drifts of this.drifts.openPages())
      for (const drift of drifts) {
        this.ending.signal.throwIfAborted();
        const outcome = await this.settle(drift);
        if (outcome !== 'unchanged') look[outcome] += 1;
      }
    return look;
  }

  /** The first comparison, which finds new differences. */
  private async suspects(look: Look): Promise<Suspect[]> {
    const suspects: Suspect[] = [];
    for (const subjects of new Set(this.checks.map((check) => check.subjects))) {
      try {
        for await (const suspect of this.suspectsAmong(subjects, look)) {
          if (suspects.length < MOST_SUSPECTS) suspects.push(suspect);
        }
      } catch (error) {
        this.ending.signal.throwIfAborted();
        this.logger.warn(`Could not compare subjects of kind ${subjects.kind}: ${(error as Error).message}`);
        noteUnseen(look, subjects);
      }
    }
    return suspects;
  }

  private async *suspectsAmong(subjects: Subjects, look: Look): AsyncGenerator<Suspect> {
    const checks = this.checks.filter((check) => check.subjects === subjects);
    const pages = await this.database.read(async (manager) => subjects.pages(manager));
    for await (const page of pages) {
      this.ending.signal.throwIfAborted();
      look.looked_at += page.length;
      for (const subject of page.filter(({ isBusy }) => !isBusy))
        for (const check of checks) {
          if (!this.differs(check, subject, look) || (await this.drifts.isOpen(check.kind, subject.id)))
            continue;
          yield { check, subjectId: subject.id };
        }
    }
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
  private async confirm({ check, subjectId }: Suspect): Promise<boolean> {
    try {
      return await this.database.write(async (manager) => {
        const subject = await locked(check, subjectId, manager);
        const detail = subject && !subject.isBusy ? check.find(subject) : null;
        return detail !== null && this.drifts.open(manager, check, { subjectId, detail });
      });
    } catch (error) {
      this.warn(check.kind, subjectId, error);
      return false;
    }
  }

  /** Repairs an open drift, or records that it no longer exists. */
  private async settle(drift: Drift): Promise<Outcome> {
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
