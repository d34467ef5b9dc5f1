import { rmSync } from 'node:fs';
import { type ControlPlaneClient } from '../control-plane/control-plane-client';
import { type Progress } from '../progress';
import { startControlPlane } from './control-plane';
import { type DataDirectory } from './data-directory';
import { ensureDemoSession } from './demo-session';
import { ensureDemoStory } from './demo-story';
import { ensureDemoTenant } from './demo-tenant';
import { type DevStack, devStackOf, writeDevStack } from './dev-stack-file';
import { startPostgres } from './local-postgres-process';
import { type PlaneDatabases, sqliteDatabases } from './plane-databases';
import { ignoredVariables } from './plane-environment';
import { type StackContext } from './stack-context';
import { type StackOptions } from './stack-options';
import { type StackProcesses } from './stack-processes';
import { StackState } from './stack-state';
import { startTenantPlane } from './tenant-plane';

export interface LocalStackParts {
  readonly options: StackOptions;
  readonly data: DataDirectory;
  readonly processes: StackProcesses;
  readonly progress: Progress;
  /** The ports of the Control Plane and the Tenant Plane, in this order. */
  readonly ports: readonly [number, number];
}

export interface LocalStack {
  readonly devStack: DevStack;
  /** Whether the demo tenant's token in `devStack` is valid on its Tenant Plane. */
  readonly hasDemoSession: boolean;
  /** Whether the demo tenant has been filled with the whole demo story. */
  readonly hasDemoStory: boolean;
}

/**
 * Starts both planes on this machine, with a demo tenant. Every step first checks what already exists, so a
 * start can be repeated.
 */
export async function startLocalStack({ options, ports, ...parts }: LocalStackParts): Promise<LocalStack> {
  const { data, progress } = parts;
  const [controlPlanePort, tenantPlanePort] = ports;
  const context: StackContext = {
    ...parts,
    state: StackState.open(data, options.database),
    controlPlaneUrl: `http://127.0.0.1:${controlPlanePort}`,
    tenantPlaneUrl: `http://127.0.0.1:${tenantPlanePort}`,
    baseDomain: `localhost:${tenantPlanePort}`,
  };
  for (const sentence of ignoredVariables(process.env)) progress.note(sentence);
  // `dev-stack.json` exists only while the stack is ready.
  rmSync(data.devStack, { force: true });
  const databases =
    options.database === 'postgres'
      ? await progress.step('Postgres', () => startPostgres(context))
      : sqliteDatabases(data);
  const controlPlane = await progress.step('Control Plane', () => startControlPlane(context, databases));
  const hasDemoSession = await startTenants(context, controlPlane, databases);
  const hasDemoStory = hasDemoSession && (await ensureDemoStory(context));
  return { devStack: publish(context), hasDemoSession, hasDemoStory };
}

/** Resolves to whether the saved token of the demo tenant's admin is valid. */
async function startTenants(
  context: StackContext,
  controlPlane: ControlPlaneClient,
  databases: PlaneDatabases,
): Promise<boolean> {
  const { progress } = context;
  await progress.step('Tenant Plane', () => startTenantPlane(context, controlPlane, databases));
  return progress.step('Demo tenant', async () => {
    const tenant = await ensureDemoTenant(context, controlPlane);
    return ensureDemoSession(context, controlPlane, tenant);
  });
}

function publish({ data, state, controlPlaneUrl, tenantPlaneUrl, baseDomain }: StackContext): DevStack {
  const slug = 'demo';
  const demoTenant = `http://${slug}.${baseDomain}`;
  const urls = { controlPlane: controlPlaneUrl, tenantPlane: tenantPlaneUrl, demoTenant };
  const devStack = devStackOf(urls, slug, state.record);
  writeDevStack(data, devStack);
  return devStack;
}
