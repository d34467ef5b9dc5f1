import { type ListTenantPlanesQuery } from '@atlas/operator-api';
import { type Database, plannedForValues } from '@atlas/persistence';
import { type EntityManager } from 'typeorm';
import { sqlOfHealth } from '../registry/health-class';
import { TenantPlane } from '../registry/tenant-plane.entity';

/** Finds planes in order of creation. */
export function findFleet(
  database: Database,
  manager: EntityManager,
  { name, version, deployment_model: model, status, health, cursor }: Omit<ListTenantPlanesQuery, 'limit'>,
  limit: number,
): Promise<TenantPlane[]> {
  const query = manager.createQueryBuilder(TenantPlane, 'plane').orderBy('plane.id').take(limit);
  if (name) query.andWhere({ name });
  if (version) query.andWhere({ version });
  if (model) query.andWhere({ deploymentModel: model });
  if (status) query.andWhere({ status });
  if (health) query.andWhere(sqlOfHealth(database)[health]);
  if (cursor) query.andWhere('plane.id > :cursor', { cursor });
  return plannedForValues(query).getMany();
}
