import { CELL_MODELS } from '@atlas/deployment-profiles';
import { type Overview } from '@atlas/operator-api';
import { Database } from '@atlas/persistence';
import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull } from 'typeorm';
import { versionClassOf } from '../config/version-policy';
import { type PoolCounts, readyOf } from '../operations/warm-pool/pool-counts';
import { PoolRounds } from '../operations/warm-pool/pool-rounds';
import { NEEDS_ATTENTION } from '../provisioning-jobs/needs-attention';
import { ProvisioningJob } from '../provisioning-jobs/provisioning-job.entity';
import { Drift } from '../reconcile/drift.entity';
import { sqlOfHealth } from '../registry/health-class';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { TenantTallies } from '../registry/tenant-tallies';

/** Counts for the console's first page. */
@Injectable()
export class Overviews {
  constructor(
    private readonly database: Database,
    private readonly tallies: TenantTallies,
    private readonly pool: PoolRounds,
  ) {}

  get(): Promise<Overview> {
    return this.database.read(async (manager) => ({
      tenants: await this.tallies.counts(manager),
      jobs: {
        needing_attention: await manager
          .createQueryBuilder(ProvisioningJob, 'job')
          .where(NEEDS_ATTENTION)
          .getCount(),
        live: await manager.countBy(ProvisioningJob, { status: In([...LIVE_JOB_STATUSES]) }),
      },
      planes: { ...(await this.planesIn(manager)), behind: await behindIn(manager) },
      cells: await cellsIn(manager),
      pool: poolOf(await this.pool.counts(manager)),
      drifts: await manager.countBy(Drift, { resolvedAt: IsNull() }),
    }));
  }

  private async planesIn(manager: EntityManager): Promise<Omit<Overview['planes'], 'behind'>> {
    const { online, offline } = sqlOfHealth(this.database);
    const standing =
      `case when plane.status = 'expected' then 'expected' when ${online} then 'online' ` +
      `when ${offline} then 'offline' else 'unknown' end`;
    const rows = await manager
      .createQueryBuilder(TenantPlane, 'plane')
      .select(standing, 'standing')
      .addSelect('count(*)', 'planes')
      .where("plane.status <> 'retired'")
      .groupBy(standing)
      .getRawMany<{ standing: string; planes: string | number }>();
    const count = (name: string): number =>
      Number(rows.find(({ standing }) => standing === name)?.planes ?? 0);
    return {
      online: count('online'),
      offline: count('offline'),
      unknown: count('unknown'),
      expected: count('expected'),
    };
  }
}

async function behindIn(manager: EntityManager): Promise<number> {
  const rows = await manager
    .createQueryBuilder(TenantPlane, 'plane')
    .select('plane.version', 'version')
    .addSelect('count(*)', 'planes')
    .where("plane.status = 'enrolled' and plane.version is not null")
    .groupBy('plane.version')
    .getRawMany<{ version: string; planes: string | number }>();
  const behind = rows.filter(({ version }) => versionClassOf(version) !== 'current');
  return behind.reduce((sum, { planes }) => sum + Number(planes), 0);
}

async function cellsIn(manager: EntityManager): Promise<Overview['cells']> {
  const row = await manager
    .createQueryBuilder(TenantPlane, 'cell')
    .select('count(*)', 'count')
    .addSelect('coalesce(sum(cell.capacity), 0)', 'capacity')
    .addSelect('coalesce(sum(cell.placed), 0)', 'tenants')
    .where({ deploymentModel: In(CELL_MODELS), status: 'enrolled', acceptsTenants: true })
    .getRawOne<Record<'count' | 'capacity' | 'tenants', string | number>>();
  return {
    count: Number(row?.count),
    capacity: Number(row?.capacity),
    tenants: Number(row?.tenants),
  };
}

function poolOf(counts: PoolCounts): Overview['pool'] {
  const preparing = counts.planes.filter(({ live }) => live?.operation === 'warm').length;
  return { wanted: counts.wanted.size, ready: readyOf(counts).length, preparing };
}
