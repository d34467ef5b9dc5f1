import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type PoolCounts } from '../../operations/warm-pool/pool-counts';
import { PoolRounds } from '../../operations/warm-pool/pool-rounds';
import { type Subject, type SubjectPage, Subjects } from './subject';

export interface PoolSubject extends Subject {
  readonly counts: PoolCounts;
}

/** The id of the only pool. */
const DEDICATED = 'dedicated';

@Injectable()
export class PoolSubjects extends Subjects<PoolSubject> {
  readonly kind = 'pool';

  constructor(private readonly rounds: PoolRounds) {
    super();
  }

  async page(manager: EntityManager): Promise<SubjectPage<PoolSubject>> {
    return { subjects: await this.some(manager), next: null };
  }

  async some(manager: EntityManager): Promise<PoolSubject[]> {
    return [{ id: DEDICATED, isBusy: false, counts: await this.rounds.counts(manager) }];
  }

  lock(manager: EntityManager): Promise<unknown> {
    return this.rounds.lock(manager);
  }
}
