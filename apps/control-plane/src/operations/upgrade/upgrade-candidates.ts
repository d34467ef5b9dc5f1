import { type DeploymentModel } from '@atlas/deployment-profiles';
import { type JobParams } from '@atlas/jobs';
import { type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import { isBehind } from '../../config/version-policy';
import { TenantPlane } from '../../registry/tenant-plane.entity';

/** Which planes a wave upgrades, and to which version. */
export interface Wanted {
  readonly version: string;
  readonly model: DeploymentModel;
  readonly region: string | null;
}

export function wantedBy(params: JobParams): Wanted {
  const { version, deployment_model: model, region } = params;
  return { version: String(version), model: model as DeploymentModel, region: region as string | null };
}

/** Planes that a driver runs on an older version, except those in `except`. */
export async function candidates(
  manager: EntityManager,
  wanted: Wanted,
  except: readonly string[] = [],
): Promise<SelectQueryBuilder<TenantPlane>> {
  const query = manager
    .createQueryBuilder(TenantPlane, 'plane')
    .where("plane.status = 'enrolled' and plane.placed > 0 and plane.infrastructureDriver <> 'manual'")
    .andWhere({ deploymentModel: wanted.model });
  if (wanted.region !== null) query.andWhere({ region: wanted.region });
  const versions = await query.clone().select('distinct plane.version', 'version').getRawMany<Versioned>();
  const older = versions.map(({ version }) => version ?? '').filter((one) => isBehind(one, wanted.version));
  // The empty string keeps the list from being empty, because `in ()` is not portable SQL.
  query.andWhere({ version: In([...older, '']) });
  if (except.length > 0) query.andWhere('plane.id not in (:...except)', { except });
  return query.orderBy('plane.id');
}

interface Versioned {
  readonly version: string | null;
}
