import { type SessionView, StandInAiProvider, type TenantView, type TestStack } from '@atlas/testing';
import { type ProofContext } from '../proof';

const INCIDENT = { title: 'Checkout is slow', severity: 'P3' };

export interface Asker {
  readonly tenant: TenantView;
  readonly session: string;
  /** The incident that its questions are about. */
  readonly incidentId: string;
}

/** Both planes with their tenants, and the AI provider. */
export interface Scene {
  readonly stack: TestStack;
  readonly provider: StandInAiProvider;
  readonly askers: readonly Asker[];
  /** A tenant that does not use AI. */
  readonly quiet: { readonly tenant: TenantView; readonly session: string };
}

export async function open(
  { stack: start, database }: ProofContext,
  tenants: number,
  settings: Readonly<Record<string, string>>,
): Promise<Scene> {
  const provider = await StandInAiProvider.start();
  const stack = await start({
    AI_PROVIDER_BASE_URL: provider.baseUrl,
    AI_PROVIDER_MODEL: 'stand-in',
    ...settings,
  });
  const { id, install } = await stack.registerCell();
  await stack.startTenantPlane(install, await database());
  await stack.awaitEnrolled(id);
  const askers: Asker[] = [];
  for (let index = 0; index < tenants; index += 1) askers.push(await askerOf(stack, `asks-${index}`));
  const { tenant, session } = await stack.tenantWithAdmin('quiet');
  return { stack, provider, askers, quiet: { tenant, session: session.token } };
}

async function askerOf(stack: TestStack, slug: string): Promise<Asker> {
  const { tenant, session } = await stack.tenantWithAdmin(slug);
  const options = { session: session.token, body: INCIDENT };
  const { body } = await stack.tenant<Pick<SessionView['user'], 'id'>>(slug, '/api/incidents', options);
  return { tenant, session: session.token, incidentId: body.id };
}
