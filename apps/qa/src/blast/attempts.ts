import { type Route } from '@atlas/isolation';
import { PLATFORM_KEY_ID } from '@atlas/service-auth';
import { type VictimsCall } from './calls-of-victim';
import { type Call, type Key } from './calls';
import { type Scene } from './scene';

/** A call that the thief makes in the victim's name, or about something that belongs to the victim. */
export interface Attempt {
  readonly call: Call;
  /** Null for an unsigned call. */
  readonly key: Key | null;
}

/** Every variant of the victim's call, signed with each of the thief's keys. */
export function signedAttempts(scene: Scene, call: VictimsCall): Attempt[] {
  const spelled = spellingsOf(scene, call).flatMap((spelling) =>
    keysOf(scene).map((key) => ({ call: spelling, key })),
  );
  const tenantBehind = { 'x-tenant-id': call.tenantId ?? scene.victim.tenant.id };
  const behind = scene.loot.keys.map((key) => ({
    call: { ...call, tenantId: undefined, headers: tenantBehind },
    key,
  }));
  const unsigned = bearers(scene).map((headers) => ({ call: { ...call, headers }, key: null }));
  return [...spelled, ...behind, ...unsigned].filter((attempt) => isAboutVictim(scene, attempt, call));
}

/**
 * Attempts on a route that is not for tenant planes. Each stolen secret is tried as a bearer token and in the
 * body, and each stolen service secret is also tried as a signing key.
 */
export function bearerAttempts(scene: Scene, { method, path }: Route): Attempt[] {
  const target = path.replace(/:\w+|\*/g, (name) => valueOf(scene, path, name));
  const takesBody = !['GET', 'HEAD', 'DELETE'].includes(method);
  const texts = Object.values(scene.loot.texts);
  return bearers(scene).flatMap((headers, index) => {
    const login = { email: 'owner@example.com', password: texts[index], token: texts[index] };
    const body = takesBody ? JSON.stringify(login) : undefined;
    const call = { method, target, body, headers };
    return [null, ...scene.loot.keys].map((key) => ({ call, key }));
  });
}

function bearers({ loot }: Scene): { readonly authorization: string }[] {
  return Object.values(loot.texts).map((text) => ({ authorization: `Bearer ${text}` }));
}

/** The stolen keys, and the stolen secrets combined with key ids that belong to others. */
function keysOf({ loot, victim }: Scene): Key[] {
  const unspent = victim.unspent.env['INTERNAL_SERVICE_SECRET'] ?? '';
  const others = [idIn(victim.plane.signed.secret), idIn(unspent), PLATFORM_KEY_ID];
  const pretended = others.flatMap((keyId) => loot.keys.map(({ secret }) => ({ keyId, secret })));
  return [...loot.keys, ...pretended];
}

/** Variants of the call that name the plane and the tenant in different ways. */
function spellingsOf({ loot, victim }: Scene, call: Call): Call[] {
  const [own, other] = [loot.plane.id, victim.plane.id];
  const planes = [[other], [], [own], [own, other], [other, own]];
  const tenants = [call.tenantId, undefined, victim.tenant.slug, loot.tenant.id, loot.tenant.slug];
  return planes.flatMap((ids) => {
    const target = withPlanes(call.target, ids);
    return tenants.map((tenantId) => ({ ...call, target, tenantId }));
  });
}

function withPlanes(target: string, ids: readonly string[]): string {
  const [path, query] = target.split('?');
  const parameters = new URLSearchParams(query);
  parameters.delete('tenant_plane_id');
  for (const id of ids) parameters.append('tenant_plane_id', id);
  return `${path}?${parameters}`;
}

/** Whether the call concerns the victim. If not, the thief is only acting in its own name. */
function isAboutVictim({ victim }: Scene, { call, key }: Attempt, { isForAll }: VictimsCall): boolean {
  const [path, query] = call.target.split('?');
  const said = [
    isForAll ? '' : path,
    query,
    call.tenantId,
    call.body,
    key?.keyId,
    JSON.stringify(call.headers),
  ];
  return key === null || marksOf(victim).some((mark) => said.join(' ').includes(mark));
}

/** Strings that identify something as belonging to the victim. */
export function marksOf({ plane, tenant, unspent, outgoing, incoming }: Scene['victim']): string[] {
  const secrets = [plane.signed.secret, unspent.env['INTERNAL_SERVICE_SECRET'] ?? ''];
  const tenants = [tenant, outgoing.tenant, incoming.tenant].flatMap(({ id, slug }) => [id, slug]);
  const moves = [outgoing, incoming].flatMap(({ jobId, transfer }) => [jobId, transfer.id]);
  const tokens = [plane.install.token_id, unspent.token_id];
  return [plane.id, ...secrets.map(idIn), ...tenants, ...moves, ...tokens];
}

function idIn(secret: string): string {
  return secret.split('_')[1] ?? '';
}

/** The victim's value for a path parameter. */
function valueOf({ victim }: Scene, path: string, name: string): string {
  if (name === ':id_or_slug') return victim.tenant.slug;
  if (name === ':token_id') return victim.unspent.token_id;
  if (path.startsWith('/api/tenants/')) return victim.tenant.id;
  if (path.startsWith('/api/provisioning-jobs/')) return victim.outgoing.jobId;
  return victim.plane.id;
}
