import { type TenantCount } from '@atlas/operator-api';
import { Database, updateReturning } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { TenantTally } from './tenant-tally.entity';

/** How many rows a reader may have to add up. */
const MOST_ROWS = 500;

/** Counts tenants without reading them. */
@Injectable()
export class TenantTallies {
  constructor(private readonly database: Database) {}

  /** Only statuses and models that some tenant has. */
  async counts(manager: EntityManager): Promise<TenantCount[]> {
    const rows = await manager
      .createQueryBuilder(TenantTally, 'tally')
      .select('tally.status', 'status')
      .addSelect('tally.deploymentModel', 'deployment_model')
      .addSelect('sum(tally.change)', 'count')
      .groupBy('tally.status')
      .addGroupBy('tally.deploymentModel')
      .having('sum(tally.change) <> 0')
      .orderBy('tally.status')
      .addOrderBy('tally.deploymentModel')
      .getRawMany<TenantCount>();
    return rows.map((row) => ({ ...row, count: Number(row.count) }));
  }

  /** Replaces many rows by their sums. Several processes may do so at once: only one deletes each row. */
  async sweep(): Promise<void> {
    const tooMany = `select 1 from tenant_tallies limit 1 offset ${MOST_ROWS}`;
    const [isDue] = await this.database.read((manager) => manager.query<object[]>(tooMany));
    if (isDue) await this.database.write((manager) => addUp(manager));
  }
}

async function addUp(manager: EntityManager): Promise<void> {
  const sums = new Map<string, Pick<TenantTally, 'status' | 'deploymentModel' | 'change'>>();
  const sql = 'delete from tenant_tallies returning status, deployment_model as "deploymentModel", change';
  for (const { status, deploymentModel, change } of await updateReturning<TenantTally>(manager, sql, [])) {
    const key = `${status} ${deploymentModel}`;
    sums.set(key, { status, deploymentModel, change: change + (sums.get(key)?.change ?? 0) });
  }
  const insert = 'insert into tenant_tallies (status, deployment_model, change) values ($1, $2, $3)';
  for (const { status, deploymentModel, change } of sums.values())
    if (change !== 0) await manager.query(insert, [status, deploymentModel, change]);
}
