import { outageSteps, profileOf } from '@atlas/deployment-profiles';
import { type LeaseClaims } from '@atlas/plane-contract';
import { environmentVariablesOf } from '@atlas/platform';
import { decodeJwt } from 'jose';
import { TENANT_PLANE_VERSION } from '../../config/tenant-plane-version';
import { TenantPlaneConfig } from '../../config/tenant-plane.config';
import { planeStatus } from '../../installation/plane-status';
import { preflight } from '../../installation/preflight';
import { isSecret } from '../known-values';
import { type SupportItem, type SupportScene } from '../support-item';

export const versionItem: SupportItem = {
  name: 'version',
  summary: 'the versions of the plane and of Node, and the deployment model',
  collect: async ({ env }) => ({
    version: TENANT_PLANE_VERSION,
    node: process.version,
    deployment_model: env['ATLAS_TP_DEPLOYMENT'] ?? env['TP_DEPLOYMENT_MODE'] ?? null,
  }),
};

/** Reads the environment itself, so it also works if a variable is invalid. */
export const configurationItem: SupportItem = {
  name: 'configuration',
  summary: 'every variable of the plane, with secrets replaced',
  collect: async ({ env }) => {
    const names = environmentVariablesOf(TenantPlaneConfig);
    const values = names.map((name) => [name, shown(name, env[name])]);
    return Object.fromEntries(values) as object;
  },
};

/** Of a secret, only the length, which shows whether it was pasted completely. */
function shown(name: string, value: string | undefined): object {
  if (value === undefined || value === '') return { set: false };
  return isSecret(name, value, null) ? { set: true, characters: value.length } : { set: true, value };
}

export const statusItem: SupportItem = {
  name: 'status',
  summary: 'what the plane knows about itself: its identity, last contact, tenants, leases and recent calls',
  collect: async (scene) => planeStatus(scene.config(), await scene.record()),
};

export const preflightItem: SupportItem = {
  name: 'preflight',
  summary: 'the checks of the environment, the database and the connection to the Control Plane',
  collect: ({ env }) => preflight(env),
};

export const outageItem: SupportItem = {
  name: 'outage-contract',
  summary: 'what works without the Control Plane',
  collect: async (scene) => {
    const { model, outageContract } = await profileIn(scene);
    const capabilities = outageContract.map((promise) => ({
      capability: promise.capability,
      stages: outageSteps(promise),
    }));
    return { model, capabilities };
  },
};

export const entitlementsItem: SupportItem = {
  name: 'entitlements',
  summary: 'the plan and the claims of the lease of each tenant, without the signature',
  collect: async (scene) => {
    const { tenants } = await scene.record();
    return {
      tenants: tenants.map(({ id, plan, lease }) => ({
        id,
        plan,
        lease: lease === null ? null : decodeJwt<LeaseClaims>(lease),
      })),
    };
  },
};

async function profileIn(scene: SupportScene) {
  const { identity } = await scene.record().catch(() => ({ identity: null }));
  return profileOf(scene.config().deploymentModel ?? identity?.deploymentModel ?? 'shared');
}
