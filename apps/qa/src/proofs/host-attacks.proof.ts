import { type RawAnswer, TestSmtpServer, sendRaw } from '@atlas/testing';
import { all, measured, moreThan, none, tallyOf } from '../figures';
import { type HostAttack, hostAttacks } from '../isolation/host-attacks';
import { steeredLinks } from '../isolation/links';
import { type TenantWithCanary, tenantWithCanary } from '../isolation/tenants';
import { type Proof, countBy } from '../proof';
import { inBatches } from '../in-batches';

/**
 * When host, headers, cookies and token contradict each other, no request reaches another tenant's data.
 *
 * Requests are sent as raw bytes. Links must be built from the tenant's planned URL, so each kind of link in
 * ../isolation/links.ts (welcome, reset, invitation) is requested with the headers of a lying proxy. Links in
 * emails are checked at full size only.
 *
 * To see it fail: in `TenantResolution.agreed`, leave out the comparison with the other hints; or build a
 * link from the request's `Host`.
 */
export const proof: Proof = {
  goal:
    'contradictory host, x-tenant-id, forwarding headers, request line, cookies and token: no ' +
    "request reaches another tenant's data; no link points to the host in a header",
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ size, served, progress }) {
    // The reduced size uses the shared stack, which does not send email.
    const smtp = size === 'full' ? await TestSmtpServer.start() : undefined;
    const { stack } = await served(smtp?.env);
    const [own, other] = [await tenantWithCanary(stack, 'ours'), await tenantWithCanary(stack, 'its')];
    const attacks = hostAttacks({ own: own.party, other: other.party }).flatMap((attack) =>
      (size === 'full' ? pathsFor(attack, other) : [LIST]).map((path) => ({ attack, path })),
    );
    const url = stack.tenantPlanes[0]?.url ?? '';
    const outcomes = await inBatches(attacks, { progress }, async ({ attack, path }) => {
      const answer = await sendRaw(url, textOf(attack, path));
      const outcome = outcomeOf(attack, path, answer, { own, other });
      if (outcome === 'crossed' || outcome === 'otherwise')
        progress(`${attack.name}, ${path}: ${answer.status} ${outcome} ${answer.body.slice(0, 200)}`);
      return outcome;
    });
    const counts = countBy(outcomes, String);
    const { made, steered } = await steeredLinks({ stack, tenant: own, ...(smtp && { smtp }) }, progress);
    await smtp?.stop();
    const control = await sendRaw(url, textOf({ name: '', expected: 'own', lines: linesOf(other) }, LIST));
    return [
      moreThan('requests', attacks.length, 0),
      none("responses with another tenant's data", counts['crossed'] ?? 0),
      none('unexpected responses', counts['otherwise'] ?? 0),
      none('links that point elsewhere', steered),
      moreThan('links created', made, 0),
      all("the other tenant's own requests that succeed", control.body.includes(other.canary) ? 1 : 0, 1),
      measured('outcomes', tallyOf(counts)),
    ];
  },
};

const LIST = '/api/incidents';

/**
 * Paths whose responses show which tenant they belong to, and the path of one of the other tenant's
 * incidents.
 */
function pathsFor({ expected }: HostAttack, { party }: TenantWithCanary): string[] {
  const foreign = `/api/incidents/${party.subjects.incident}`;
  return expected === 'refused' ? [LIST, '/api/auth/me', foreign] : [LIST, foreign];
}

function linesOf({ party }: TenantWithCanary): string[] {
  return [`Host: ${party.host}`, `Authorization: Bearer ${party.session}`];
}

function textOf({ lines, target = (path) => path, version = '1.1' }: HostAttack, path: string): string {
  return [`GET ${target(path)} HTTP/${version}`, ...lines, 'Connection: close', '', ''].join('\r\n');
}

type Outcome = 'crossed' | 'otherwise' | 'refused' | 'own';

function outcomeOf(
  { expected }: HostAttack,
  path: string,
  { status, head, body }: RawAnswer,
  { own, other }: { readonly own: TenantWithCanary; readonly other: TenantWithCanary },
): Outcome {
  const { canary, name } = other;
  if (`${head}${body}`.includes(canary) || body.includes(name)) return 'crossed';
  const isForeign = path !== LIST && path !== '/api/auth/me';
  if (status >= 500) return 'otherwise';
  if (status === 0 || status >= 300) return expected === 'own' && !isForeign ? 'otherwise' : 'refused';
  if (isForeign || expected === 'refused') return 'crossed';
  return body.includes(own.canary) ? 'own' : 'otherwise';
}
