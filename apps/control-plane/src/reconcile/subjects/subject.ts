import { type DriftSubject } from '@atlas/operator-api';
import { type EntityManager } from 'typeorm';

/** Something that may drift, with everything that checks need to know about it. */
export interface Subject {
  readonly id: string;
  /** Whether a job is working on the subject. If so, differences are expected. */
  readonly isBusy: boolean;
}

/** A part of the subjects of one kind. */
export interface SubjectPage<S extends Subject = Subject> {
  readonly subjects: readonly S[];
  /** Where the next page begins; null after the last one. */
  readonly next: string | null;
}

/** At most this many subjects are in memory at a time. */
export const PAGE = 500;

/** The source of one kind of subject. */
export abstract class Subjects<S extends Subject = Subject> {
  abstract readonly kind: DriftSubject;

  /** Tells sources of the same kind apart. Stored with the position of each. */
  get name(): string {
    return this.kind;
  }

  /** A page of all subjects: the first one, or the one that begins at `position`. */
  abstract page(manager: EntityManager, position: string | null): Promise<SubjectPage<S>>;
  /** The current state of the subjects that still exist. */
  abstract some(manager: EntityManager, ids: readonly string[]): Promise<readonly S[]>;
  /** Blocks writes to the subject until the transaction ends. */
  abstract lock(manager: EntityManager, id: string): Promise<unknown>;

  /** The subject's current state, or null if the subject no longer exists. */
  async one(manager: EntityManager, id: string): Promise<S | null> {
    return (await this.some(manager, [id]))[0] ?? null;
  }
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Rows by ascending id, which begin after the id `position`. */
export async function pageById<R extends { readonly id: string }>(
  position: string | null,
  rowsAfter: (after: string, take: number) => Promise<readonly R[]>,
): Promise<{ readonly rows: readonly R[]; readonly next: string | null }> {
  const rows = await rowsAfter(position ?? FIRST_ID, PAGE);
  return { rows, next: rows.length < PAGE ? null : (rows.at(-1)?.id ?? null) };
}
