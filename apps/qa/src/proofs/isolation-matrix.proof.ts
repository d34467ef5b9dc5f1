import { tableFaults, tenantPlaneLines } from '@atlas/isolation';
import { type Figure, all, measured, moreThan, none, tallyOf } from '../figures';
import { controlPlaneMatrix } from '../isolation/control-plane-matrix';
import { CONTROL_PLANE_ROUTES } from '../isolation/control-plane-routes';
import { type MatrixCounts, tenantPlaneMatrix } from '../isolation/tenant-plane-matrix';
import { type Proof } from '../proof';
import { routesOf } from '../routes';

/**
 * On every route of both planes, a caller names another tenant's objects in every form, or calls without
 * permission.
 *
 * tenant-plane-routes.ts has a line for each route of the Tenant Plane, which says what the route does and
 * which objects of a tenant it names. The lines of a feature are derived from its fixture. `atlas
 * isolation-probe` makes its attempts from the same lines. If a route has no line, or a line has no route,
 * the proof fails, and so does `npm test`.
 *
 * The forms are the other tenant's id in the path (also in capitals and percent-encoded), in the query (also
 * as a cursor), in the body and in `x-tenant-id` (also with its `Idempotency-Key`); one of its credentials in
 * the body (password, refresh token or sign-up token); and its address. A response that contains one of its
 * ids, its address or its canary counts as a leak, regardless of the status. So does a success that should
 * have been a refusal. Afterwards, the other tenant's rows are compared one by one, and its own calls to the
 * same routes must succeed.
 *
 * Operators of the Control Plane see all tenants, so the table of its routes
 * (../isolation/control-plane-routes.ts) says what each route requires of a caller. A key with every scope
 * except the required scope is refused, and so is a write by a support operator. A tenant user's session, a
 * service secret or a tenant's host grants no access, and public responses do not name a tenant.
 * `blast-radius` covers the isolation between planes.
 *
 * To see it fail: in `TenantResolution.agreed`, leave out the comparison with the other hints; or in
 * `TenantScope.query`, leave out the predicate.
 */
export const proof: Proof = {
  goal:
    'every route of both planes x {path, query, body, nested id, x-tenant-id, subdomain}: 0 leaks, no ' +
    'changed row of the other tenant; a route without a line makes the proof fail',
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
    none(`${plane}: changed rows of the other tenant`, changed),
    moreThan(`${plane}: rows of the other tenant`, rows, 0),
    all(`${plane}: own calls with the expected response`, controls - failedControls, controls),
    measured(`${plane}: outcomes`, tallyOf(outcomes)),
  ];
}
