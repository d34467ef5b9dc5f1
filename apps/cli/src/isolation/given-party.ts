import { readFileSync } from 'node:fs';
import { type Party, subjectsOf } from '@atlas/isolation';
import { UsageError } from '../failure';
import { askAt } from './throwaway-tenants';

interface Named {
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string };
}

/** The tenant whose session token is the only content of `file`. Throws {@link UsageError}. */
export async function givenParty(
  file: string,
  { planeUrl, baseDomain, signal }: { planeUrl: string; baseDomain?: string; signal: AbortSignal },
): Promise<{ readonly party: Party; readonly name: string }> {
  const session = sessionIn(file);
  const tenantId = /^atu_([0-9a-f-]{36})_[\w-]+$/.exec(session)?.[1];
  if (tenantId === undefined)
    throw new UsageError(`${file} does not contain a tenant's session token (atu_…).`);
  const ask = askAt(planeUrl, tenantId, signal, session);
  const { tenant } = await ask<Named>('/api/tenant-default');
  const host = baseDomain === undefined ? null : `${tenant.slug}.${baseDomain}`;
  const subjects = await subjectsOf(ask);
  return { name: tenant.name, party: { tenantId, slug: tenant.slug, host, session, subjects } };
}

function sessionIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`Cannot read the session: ${(error as Error).message}`);
  }
}
