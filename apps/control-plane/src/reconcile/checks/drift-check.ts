import { type EntityManager } from 'typeorm';
import { type Subject, type Subjects } from '../subjects/subject';

/** A check for one kind of drift. Checks are found by their file name, `*.check.ts`. */
export abstract class DriftCheck<S extends Subject = Subject> {
  /** The name that operators and metrics use. Never reused for another check. */
  abstract readonly kind: string;
  abstract readonly subjects: Subjects<S>;

  /** Returns what is wrong and what to do, or null if nothing is wrong. */
  abstract find(subject: S): string | null;

  /**
   * Repairs the drift, in a transaction that has locked the subject and found the drift again.
   * A repair must lose no data and be safe to run twice. Returns false if a person has to act.
   */
  repair(_manager: EntityManager, _subject: S): Promise<boolean> {
    return Promise.resolve(false);
  }
}
