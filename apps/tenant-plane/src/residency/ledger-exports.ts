import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';

const MOST_OF_ONE_TENANT = 2;
const MOST = 6;

/**
 * Limits how many exports of the ledger this process sends at once. An export reads page after page once its
 * answer has begun, and holds no place among the requests that take turns.
 */
@Injectable()
export class LedgerExports {
  /** The tenant of each export that is being sent. */
  private readonly open: string[] = [];

  /** Counts until `gone` aborts. Throws `too_many_exports`. */
  begin(tenantId: string, gone: AbortSignal): void {
    const own = this.open.filter((id) => id === tenantId).length;
    if (own >= MOST_OF_ONE_TENANT || this.open.length >= MOST) throw tooManyExports();
    if (gone.aborted) return;
    this.open.push(tenantId);
    const end = (): unknown => this.open.splice(this.open.indexOf(tenantId), 1);
    gone.addEventListener('abort', end, { once: true });
  }
}

function tooManyExports(): DomainError {
  const detail =
    `The ledger is being exported too often at once. A tenant may have ${MOST_OF_ONE_TENANT} exports of it ` +
    'running. Wait until one has ended.';
  return new DomainError('too_many_exports', 'too_many', detail, {}, { 'retry-after': '5' });
}
