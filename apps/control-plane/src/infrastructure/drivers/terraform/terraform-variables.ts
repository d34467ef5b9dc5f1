import { environmentVariablesOf } from '@atlas/platform';
import { ControlPlaneConfig } from '../../../config/control-plane.config';
import { type InfrastructureSubject } from '../infrastructure-driver';
import { infrastructureName } from '../infrastructure-name';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The environment of a terraform process. It includes our own environment, because providers
 * need the credentials and proxies in it, but not the Control Plane's configuration.
 */
export function terraformEnvironment(ours: Env, variables: Env): Env {
  const own = Object.fromEntries(environmentVariablesOf(ControlPlaneConfig).map((name) => [name, undefined]));
  // CHECKPOINT_DISABLE prevents version checks against HashiCorp's servers.
  return { ...ours, ...own, TF_IN_AUTOMATION: '1', CHECKPOINT_DISABLE: '1', ...variables };
}

/**
 * The variables that every module may declare (see docker/terraform/README.md). They are passed in the
 * environment, where other users of the machine cannot see them.
 */
export function terraformVariables(subject: InfrastructureSubject, planeEnvironment: Env): Env {
  const { tenantId, slug, tenantPlaneId, region, database, version } = subject;
  // The module creates the database, so it knows the URL.
  const entries = Object.entries(planeEnvironment).filter(([name]) => name !== 'TENANT_PLANE_DATABASE_URL');
  return {
    TF_VAR_name: infrastructureName(subject),
    TF_VAR_tenant_id: tenantId,
    TF_VAR_tenant_slug: slug,
    TF_VAR_tenant_plane_id: tenantPlaneId,
    TF_VAR_tenant_region: region ?? undefined,
    TF_VAR_database: database,
    TF_VAR_tenant_plane_version: version ?? undefined,
    TF_VAR_tenant_plane_environment: literal(Object.fromEntries(entries)),
  };
}

/** A Terraform expression: JSON in which the start of a template is escaped. */
function literal(value: unknown): string {
  return JSON.stringify(value).replaceAll(/([$%])\{/g, '$1$1{');
}
