import { TENANT_PLANE_ROUTES, tableFaults } from '@atlas/isolation';
import { controlPlaneMatrix } from '../isolation/control-plane-matrix';
import { CONTROL_PLANE_ROUTES } from '../isolation/control-plane-routes';
import { type MatrixCounts, tenantPlaneMatrix } from '../isolation/tenant-plane-matrix';
import { type Proof } from '../proof';
import { routesOf } from '../routes';

/**
 * R10. On every route that either plane registers: requests for another tenant's data in every form, and
 * unauthorised callers.
 */
export const ISOLATION_MATRIX: Proof = {
  name: 'isolation-matrix',
  goal: 'every route of both planes x {path, query, body, nested id, x-tenant-id, subdomain}: 0 leaks, no row of the other changed; a route without a line fails',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run(context) {
    const served = await context.served();
    const { controlPlane, tenantPlanes } = served.stack;
    const [ours, theirs] = [routesOf(controlPlane), tenantPlanes.flatMap(routesOf)];
    const faults = [
      ...tableFaults(TENANT_PLANE_ROUTES, theirs).map((fault) => `Tenant Plane: ${fault}`),
      ...tableFaults(CONTROL_PLANE_ROUTES, ours).map((fault) => `Control Plane: ${fault}`),
    ];
    const matrices = [
      await tenantPlaneMatrix(served, theirs, context),
      await controlPlaneMatrix(served, ours, context),
    ];
    const figures = [`${theirs.length} routes of the Tenant Plane`, `${ours.length} of the Control Plane`];
    const texts = matrices.map((counts, at) => `${figures[at]}: ${figureOf(counts)}`);
    const figure = `${texts.join('; ')}; not listed: ${faults.join(', ') || 'none'}`;
    return { figure, isGood: faults.length === 0 && matrices.every(isGood) };
  },
};

function figureOf({
  attempts,
  outcomes,
  bad,
  changed,
  rows,
  controls,
  failedControls,
}: MatrixCounts): string {
  return `${attempts} attempts, ${bad} leaked or failed, ${JSON.stringify(outcomes)}, ${changed} of ${rows} rows of the other changed, ${controls - failedControls} of ${controls} of its own calls as expected`;
}

function isGood({ bad, changed, rows, attempts, controls, failedControls }: MatrixCounts): boolean {
  return bad + changed + failedControls === 0 && attempts > 0 && rows > 0 && controls > 0;
}
