import { type ProbeRequest, Sender } from '@atlas/isolation';
import { type TestStack } from '@atlas/testing';
import { type TenantWithCanary } from './tenants';

/** Something that is sent to people with a link in it. */
interface LinkMaker {
  readonly what: string;
  /** The link that is made for the tenant when somebody asks for it in this way. */
  make(stack: TestStack, tenant: TenantWithCanary, steering: Steering): Promise<string>;
}

interface Steering {
  readonly host: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const EVIL = 'evil.example';

/** As a proxy, or whoever pretends to be one, would say it. */
const STEERING: readonly Steering[] = [
  { host: null, headers: {} },
  { host: EVIL, headers: {} },
  { host: null, headers: { 'x-forwarded-host': EVIL, 'x-forwarded-proto': 'https' } },
  { host: EVIL, headers: { forwarded: `host=${EVIL};proto=https` } },
  {
    host: null,
    headers: { 'x-original-host': EVIL, origin: `https://${EVIL}`, referer: `https://${EVIL}/` },
  },
];

/**
 * All links that are made for people: each comes from configuration, the tenant's planned URL, and from nothing that a
 * request says. A new kind (an invitation, a reset of a password) is a line here.
 */
const LINKS: readonly LinkMaker[] = [
  {
    what: 'the welcome link of the first admin',
    make: ({ controlPlane, apiKey }, { party }, { host, headers }) => {
      const target = `/api/tenants/${party.tenantId}/signup-link`;
      const authorization = `Bearer ${apiKey}`;
      return linkIn(controlPlane.url, {
        method: 'POST',
        target,
        host,
        headers: { ...headers, authorization },
      });
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
    for (const steering of STEERING) {
      const link = await make(stack, tenant, steering);
      made += 1;
      if (new URL(link).host === tenant.party.host && !link.includes(EVIL)) continue;
      steered += 1;
      progress(`${what}, asked for with ${JSON.stringify(steering)}, leads to ${new URL(link).origin}`);
    }
  return { made, steered };
}

/** `fetch` would put the real host in the place of the one that is given. */
async function linkIn(url: string, request: ProbeRequest): Promise<string> {
  const sender = new Sender(url);
  const { status, text } = await sender.send(request);
  sender.close();
  const { url: link } = JSON.parse(text) as { url?: string };
  if (link === undefined) throw new Error(`${request.target}: ${status} ${text}`);
  return link;
}
