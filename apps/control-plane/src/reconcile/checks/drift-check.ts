import { type EntityManager } from 'typeorm';
import { type Subject, type Subjects } from '../subjects/subject';

/** One kind of drift: a file, and a line in checks/index.ts. */
export abstract class DriftCheck<S extends Subject = Subject> {
  /** As operators and metrics name it. Never given to another. */
  abstract readonly kind: string;
  abstract readonly subjects: Subjects<S>;

  /** What is wrong, and what to do; null when nothing is. */
  abstract find(subject: S): string | null;

  /**
   * Mends it, in a transaction that has locked the subject and found it again. Only what loses nothing and
   * may be done twice; false: a person has to.
   */
  repair(_manager: EntityManager, _subject: S): Promise<boolean> {
    return Promise.resolve(false);
  }
}
