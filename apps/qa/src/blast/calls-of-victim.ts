import { type Route, nameOf } from '@atlas/isolation';
import { PLANE_PATHS } from '@atlas/plane-contract';
import { type Call, type Key, keyOf } from './calls';
import { type Scene, partOf } from './scene';

/**
 * A call that the Control Plane accepts from the victim. If the victim's call were refused too, refusing the
 * attacker's copy would prove nothing.
 */
export interface VictimsCall extends Call {
  /** The key with which the victim signs this call; its current key by default. */
  readonly key?: Key;
  /** Whether any enrolled plane may make this call, regardless of which plane or tenant the path names. */
  readonly isForAll?: boolean;
}

/** The victim's calls for each signed route. A route that is missing here makes the proof fail. */
const CALLS: Readonly<Record<string, (scene: Scene) => readonly VictimsCall[]>> = {
  'POST /api/tenant-planes/enroll': ({ victim: { plane, unspent } }) => {
    const enrol = plane.signed.enrolBody();
    const anew = keyOf(unspent.env['INTERNAL_SERVICE_SECRET'] ?? '');
    return [
      post(PLANE_PATHS.enrol, enrol),
      { ...post(`${PLANE_PATHS.enrol}?dry_run=true`, { ...enrol, token: unspent.token }), key: anew },
    ];
  },
  'GET /api/tenant-planes/self/desired-state': ({ victim: { plane, tenant } }) => [
    { method: 'GET', target: `${PLANE_PATHS.desiredState}?tenant_plane_id=${plane.id}`, tenantId: tenant.id },
  ],
  'GET /api/tenant-planes/self/routes/:slug': ({ victim: { plane, tenant } }) => [
    {
      method: 'GET',
      tenantId: tenant.id,
      isForAll: true,
      target: `${PLANE_PATHS.routes}/${tenant.slug}?tenant_plane_id=${plane.id}`,
    },
  ],
  'POST /api/tenant-planes/self/report': ({ victim: { plane, tenant, entry } }) => [
    {
      method: 'POST',
      tenantId: tenant.id,
      body: plane.report([entry]),
      target: `${PLANE_PATHS.report}?tenant_plane_id=${plane.id}`,
    },
  ],
  'PUT /api/tenant-planes/self/transfers/:id/parts/:n': ({ victim: { plane, outgoing } }) => {
    const part = partOf(outgoing, 2);
    const target = `${part.target}?tenant_plane_id=${plane.id}`;
    return [{ ...part, target, tenantId: outgoing.tenant.id }];
  },
  'GET /api/tenant-planes/self/transfers/:id/parts/:n': ({ victim: { plane, incoming } }) => [
    {
      method: 'GET',
      tenantId: incoming.tenant.id,
      target:
        `${PLANE_PATHS.transfers}/${incoming.transfer.id}/parts/1` +
        `?tenant_plane_id=${plane.id}&importer=anyone`,
    },
  ],
  'GET /api/tenant-planes/self/transfers/:id/imported': ({ victim: { plane, outgoing } }) => [
    {
      method: 'GET',
      tenantId: outgoing.tenant.id,
      target: `${PLANE_PATHS.transfers}/${outgoing.transfer.id}/imported?tenant_plane_id=${plane.id}&count=0`,
    },
  ],
  'POST /api/ai/chat/completions': ({ victim: { plane, tenant } }) =>
    [false, true].map((stream) => ({
      ...post(`${PLANE_PATHS.chatCompletions}?tenant_plane_id=${plane.id}`, {
        messages: [{ role: 'user', content: 'Why?' }],
        stream,
      }),
      tenantId: tenant.id,
    })),
};

/** The victim's calls for this route. Undefined if the route is not listed. */
export function callsOfVictim(scene: Scene, route: Route): readonly VictimsCall[] | undefined {
  if (route.method !== 'HEAD') return CALLS[nameOf(route)]?.(scene);
  const asGet = CALLS[nameOf({ ...route, method: 'GET' })]?.(scene);
  return asGet?.map((call) => ({ ...call, method: 'HEAD' }));
}

function post(target: string, body: object): Call {
  return { method: 'POST', target, body: JSON.stringify(body) };
}
