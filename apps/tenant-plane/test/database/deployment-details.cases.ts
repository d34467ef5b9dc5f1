import { DEPLOYMENT_MODELS } from '@atlas/deployment-profiles';
import { EVERY_DATABASE } from '@atlas/testing';
import { TENANT_PLANE_VERSION } from '../../src/config/tenant-plane-version';
import { TestTenantPlane } from '../tenant-plane.fixture';

const HELD = {
  shared: { run_by: 'atlas', data_held_by: 'atlas', backed_up_by: ['atlas'] },
  dedicated: { run_by: 'atlas', data_held_by: 'atlas', backed_up_by: ['atlas', 'customer'] },
  on_prem: { run_by: 'customer', data_held_by: 'customer', backed_up_by: ['customer'] },
  hybrid: { run_by: 'customer', data_held_by: 'customer', backed_up_by: ['customer'] },
} as const;

const CASES = EVERY_DATABASE.flatMap((driver) => DEPLOYMENT_MODELS.map((model) => [driver, model] as const));

describe.each(CASES)('the deployment of a plane on %s (%s)', (driver, model) => {
  it('is shown with who runs it, who holds the data and who backs it up', async () => {
    const plane = await TestTenantPlane.boot(driver, { env: { ATLAS_TP_DEPLOYMENT: model } });
    try {
      const { admin } = await plane.tenantWithAdmin('acme');
      const { body: shown } = await plane.get('/api/tenant-default', { tenant: 'acme' }).expect(200);
      const { body } = await plane.get('/api/deployment', admin).expect(200);
      expect(body).toEqual({
        model,
        profile: shown.deployment.profile,
        ...HELD[model],
        database: driver,
        version: TENANT_PLANE_VERSION,
        offline: true,
      });
      expect(shown.offline).toBe(true);
    } finally {
      await plane.close();
    }
  });
});
