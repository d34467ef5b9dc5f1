import { type TestStack } from '@atlas/testing';
import { type TenantWithCanary } from './tenants';

/** Something that is sent to people with a link in it. */
interface LinkMaker {
  readonly what: string;
  /** The link that is made for the tenant when it is asked for with these headers. */
  make(
    stack: TestStack,
    tenant: TenantWithCanary,
    headers: Readonly<Record<string, string>>,
  ): Promise<string>;
}

const EVIL = 'evil.example';

/** As a proxy, or whoever pretends to be one, would say it. */
const STEERING: readonly Readonly<Record<string, string>>[] = [
  { host: EVIL },
  { 'x-forwarded-host': EVIL, 'x-forwarded-proto': 'https' },
  { forwarded: `host=${EVIL};proto=https` },
  { 'x-original-host': EVIL, origin: `https://${EVIL}`, referer: `https://${EVIL}/` },
];

/** All links that are made for people: each comes from configuration, the tenant's planned URL. A new kind is a line here. */
const LINKS: readonly LinkMaker[] = [
  {
    what: 'the welcome link of the first admin',
    async make(stack, { party }, headers) {
      const path = `/api/tenants/${party.tenantId}/signup-link`;
      const { body } = await stack.api<{ url: string }>(path, { method: 'POST', headers });
      return body.url;
    },
  },
];

/** How many links lead elsewhere than to the tenant's own address, and how many were made. */
export async function steeredLinks(
  stack: TestStack,
  tenant: TenantWithCanary,
  progress: (text: string) => void,
): Promise<{ made: number; steered: number }> {
  let [made, steered] = [0, 0];
  for (const { what, make } of LINKS)
    for (const headers of [{}, ...STEERING]) {
      const link = await make(stack, tenant, headers);
      made += 1;
      if (new URL(link).host === tenant.party.host && !link.includes(EVIL)) continue;
      steered += 1;
      progress(`${what}, asked for with ${JSON.stringify(headers)}, leads to ${new URL(link).origin}`);
    }
  return { made, steered };
}
