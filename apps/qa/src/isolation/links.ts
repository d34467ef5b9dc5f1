import { type ProbeRequest, Sender } from '@atlas/isolation';
import { type TestSmtpServer, type TestStack, eventually, linkIn } from '@atlas/testing';
import { type TenantWithCanary } from './tenants';

interface Scene {
  readonly stack: TestStack;
  readonly tenant: TenantWithCanary;
  /** The server to which the tenant plane sends email. Absent if the plane sends no email. */
  readonly smtp?: TestSmtpServer;
}

/** A host and headers that are meant to make a link point elsewhere. */
interface Steering {
  readonly host: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** A kind of link that people are given, and the request that creates it. */
interface LinkMaker {
  readonly what: string;
  /** The host that the link must point to. */
  hostOf(scene: Scene): string;
  /** The request that creates the link, with the given host and headers. */
  request(scene: Scene, steering: Steering): ProbeRequest & { readonly url: string };
  /** The recipient of the email that contains the link. Absent if the response contains the link. */
  mailTo?(scene: Scene): string;
}

const EVIL = 'evil.example';
const FORWARDED = {
  'x-forwarded-host': EVIL,
  'x-forwarded-proto': 'https',
  forwarded: `host=${EVIL};proto=https`,
};
const BESIDE = { 'x-original-host': EVIL, origin: `https://${EVIL}`, referer: `https://${EVIL}/` };

/** The headers of a proxy, or of someone pretending to be one. */
const EVERYTHING: Steering = { host: EVIL, headers: { ...FORWARDED, ...BESIDE } };
const STEERING: readonly Steering[] = [
  { host: null, headers: {} },
  { host: EVIL, headers: {} },
  { host: null, headers: FORWARDED },
  { host: null, headers: BESIDE },
  EVERYTHING,
];

/**
 * Every kind of link that people are given. Links must be built from configuration, never from a request. A
 * new kind of link must be added here.
 */
const LINKS: readonly LinkMaker[] = [
  {
    what: "the first admin's sign-up link",
    hostOf: ({ tenant }) => tenant.party.host,
    request: ({ stack, tenant }, steering) =>
      asOperator(stack, `/api/tenants/${tenant.party.tenantId}/signup-link`, steering),
  },
  {
    what: 'a password reset link',
    hostOf: ({ tenant }) => tenant.party.host,
    request: ({ stack, tenant }, steering) =>
      asUser(
        stack,
        tenant,
        '/api/auth/forgot-password',
        { email: tenant.party.credentials?.email },
        steering,
      ),
    mailTo: ({ tenant }) => tenant.party.credentials?.email ?? '',
  },
  {
    what: 'an invitation',
    hostOf: ({ tenant }) => tenant.party.host,
    request: ({ stack, tenant }, steering) =>
      asUser(stack, tenant, '/api/auth/invite', { email: inviteeOf(tenant), role: 'requester' }, steering),
    mailTo: ({ tenant }) => inviteeOf(tenant),
  },
];

/** Counts the links that were created, and those that point to the wrong host. */
export async function steeredLinks(
  scene: Scene,
  progress: (text: string) => void,
): Promise<{ made: number; steered: number }> {
  let [made, steered] = [0, 0];
  for (const maker of LINKS.filter(({ mailTo }) => !mailTo || scene.smtp)) {
    // The number of emails per address is limited, so one request combines all attempts.
    for (const steering of maker.mailTo ? [EVERYTHING] : STEERING) {
      const link = await linkOf(scene, maker, steering);
      made += 1;
      if (new URL(link).host === maker.hostOf(scene) && !link.includes(EVIL)) continue;
      steered += 1;
      progress(
        `${maker.what}, requested with ${JSON.stringify(steering)}, points to ${new URL(link).origin}`,
      );
    }
  }
  return { made, steered };
}

async function linkOf(scene: Scene, { mailTo, request }: LinkMaker, steering: Steering): Promise<string> {
  const { url, ...asked } = request(scene, steering);
  // `fetch` would replace the given Host header with the real host.
  const sender = new Sender(url);
  const { status, text } = await sender.send(asked);
  sender.close();
  if (status >= 300) throw new Error(`${asked.target}: ${status} ${text}`);
  if (!mailTo) return (JSON.parse(text) as { url: string }).url;
  const address = mailTo(scene);
  const mail = await eventually(() => scene.smtp?.mails.find(({ to }) => to.includes(address)), {
    what: `an email to ${address} arrives`,
  });
  return linkIn(mail);
}

function asOperator({ controlPlane, apiKey }: TestStack, target: string, { host, headers }: Steering) {
  const authorization = `Bearer ${apiKey}`;
  return { url: controlPlane.url, method: 'POST', target, host, headers: { ...headers, authorization } };
}

/** On a host that names no tenant, x-tenant-id selects the tenant. */
function asUser(
  { tenantPlanes }: TestStack,
  { party }: TenantWithCanary,
  target: string,
  body: object,
  { host, headers }: Steering,
) {
  const own = { authorization: `Bearer ${party.session}`, 'x-tenant-id': party.tenantId };
  const sent = { ...headers, ...own, 'content-type': 'application/json' };
  const url = tenantPlanes[0]?.url ?? '';
  return { url, method: 'POST', target, host, headers: sent, body: JSON.stringify(body) };
}

function inviteeOf({ canary }: TenantWithCanary): string {
  return `invited-${canary}@example.com`;
}
