import { type DriftSubject } from '@atlas/operator-api';
import { type EntityManager } from 'typeorm';

/** What may drift, with all that a check needs to know of it. */
export interface Subject {
  readonly id: string;
  /** A job works on it: what differs now is on its way. */
  readonly isBusy: boolean;
}

/** Where subjects of a kind come from. */
export abstract class Subjects<S extends Subject = Subject> {
  abstract readonly kind: DriftSubject;
  /** All of them, never many at once. */
  abstract pages(manager: EntityManager): AsyncIterable<readonly S[]>;
  /** As it is now; null when there is none any more. */
  abstract one(manager: EntityManager, id: string): Promise<S | null>;
  /** Keeps writers of it away until the transaction's end. */
  abstract lock(manager: EntityManager, id: string): Promise<unknown>;
}

const PAGE = 500;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Walks rows in the order of their ids, page after page. */
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
