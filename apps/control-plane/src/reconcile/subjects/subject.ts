import { type DriftSubject } from '@atlas/operator-api';
import { type EntityManager } from 'typeorm';

/** Something that may drift, with everything that checks need to know about it. */
export interface Subject {
  readonly id: string;
  /** Whether a job is working on the subject. If so, differences are expected. */
  readonly isBusy: boolean;
}

/** The source of one kind of subject. */
export abstract class Subjects<S extends Subject = Subject> {
  abstract readonly kind: DriftSubject;
  /** All subjects of this kind, a page at a time. */
  abstract pages(manager: EntityManager): AsyncIterable<readonly S[]>;
  /** The subject's current state, or null if the subject no longer exists. */
  abstract one(manager: EntityManager, id: string): Promise<S | null>;
  /** Blocks writes to the subject until the transaction ends. */
  abstract lock(manager: EntityManager, id: string): Promise<unknown>;
}

const PAGE = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Yields all rows by ascending id, a page at a time. */
export async function* pagesById<R extends { readonly id: string }>(
  next: (after: string, take: number) => Promise<readonly R[]>,
): AsyncGenerator<readonly R[]> {
  let after = FIRST_ID;
  for (;;) {
    const rows = await next(after, PAGE);
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    after = rows.at(-1)?.id ?? after;
  }
}
