import { type DeploymentModel, profileOf } from '@atlas/deployment-profiles';
import { DomainError } from '@atlas/platform';
import { type ControlPlaneConfig } from '../config/control-plane.config';
import { type Tenant } from '../registry/tenant.entity';

/**
 * Throws `database_not_in_production` early, because otherwise the tenant's own plane would reject the
 * database only when it starts, hours later.
 */
export function requireDatabaseAllowed(
  { isProduction }: ControlPlaneConfig,
  model: DeploymentModel,
  { settings }: Pick<Tenant, 'settings'>,
): void {
  const driver = settings['database_driver'];
  const { allowedInProduction } = profileOf(model).databases;
  if (!isProduction || driver === undefined || allowedInProduction.some((one) => one === driver)) return;
  const detail =
    `The tenant was created with database.driver ${String(driver)}, but in production a ${model} tenant ` +
    `plane only runs on ${allowedInProduction.join(' or ')}. Choose another deployment_model.`;
  throw new DomainError('database_not_in_production', 'unprocessable', detail);
}
