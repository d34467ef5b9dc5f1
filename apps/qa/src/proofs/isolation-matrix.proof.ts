import { tableFaults, tenantPlaneLines } from '@atlas/isolation';
import { type Figure, all, measured, moreThan, none, tallyOf } from '../figures';
import { controlPlaneMatrix } from '../isolation/control-plane-matrix';
import { CONTROL_PLANE_ROUTES } from '../isolation/control-plane-routes';
import { type MatrixCounts, tenantPlaneMatrix } from '../isolation/tenant-plane-matrix';
import { type Proof } from '../proof';
import { routesOf } from '../routes';

/**
 * On every route of both planes, a caller names another
 * tenant's things in every form, or calls without permission.
 *
 * The lines of the Tenant Plane's routes, tenant-plane-routes.ts, say for each route what it does and which
 * things of a tenant it names; those of a feature follow from its fixture. `atlas isolation-probe` makes its
 * attempts from the same lines. A route without a line, or a line without a route, fails the proof, and
 * `npm test` with it.
 *
 * The forms: the other's id in the path (also in capitals and percent-encoded), in the query
 * (also as a cursor) and in the body; something of the other's inside the body (its password,
 * refresh token or sign-up token); `x-tenant-id`, also with the other's `Idempotency-Key`; and
 * the other's address. An answer that contains an id, an address or a canary word of the other
 * is a leak, whatever its status; so is a success that should have been a refusal. Afterwards
 * the other's rows are compared one by one, and the same calls by the other itself succeed.
 *
 * Operators of the Control Plane see all tenants, so its table
 * (../isolation/control-plane-routes.ts) says what a caller needs: a key with every other
 * scope and a session of support are refused; users of tenants, service secrets and hosts do
 * not count; and public answers name no tenant. Planes among each other are `blast-radius`.
 *
 * To see it fail: in `TenantResolution.agreed`, leave out the comparison with the other hints; or in
 * `TenantScope.query`, leave out the predicate.
 */
export const proof: Proof = {
  goal:
    'every route of both planes x {path, query, body, nested id, x-tenant-id, subdomain}: 0 leaks, no ' +
    'row of the other changed; a route without a line fails',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run(context) {
    const served = await context.served();
    const { controlPlane, tenantPlanes } = served.stack;
    const [ours, theirs] = [routesOf(controlPlane), tenantPlanes.flatMap(routesOf)];
    const faults = [
      ...tableFaults(tenantPlaneLines(theirs), theirs).map((fault) => `Tenant Plane: ${fault}`),
      ...tableFaults(CONTROL_PLANE_ROUTES, ours).map((fault) => `Control Plane: ${fault}`),
    ];
    return [
      none('routes without a line, and lines without a route', faults),
      measured('routes of the Tenant Plane', theirs.length),
      measured('routes of the Control Plane', ours.length),
      ...figuresOf('Tenant Plane', await tenantPlaneMatrix(served, theirs, context)),
      ...figuresOf('Control Plane', await controlPlaneMatrix(served, ours, context)),
    ];
  },
};

function figuresOf(
  plane: string,
  { attempts, outcomes, bad, changed, rows, controls, failedControls }: MatrixCounts,
): Figure[] {
  return [
    moreThan(`${plane}: attempts`, attempts, 0),
    none(`${plane}: attempts that leaked or failed`, bad),
    none(`${plane}: rows of the other changed`, changed),
    moreThan(`${plane}: rows of the other`, rows, 0),
    all(`${plane}: own calls answered as expected`, controls - failedControls, controls),
    measured(`${plane}: outcomes`, tallyOf(outcomes)),
  ];
}
