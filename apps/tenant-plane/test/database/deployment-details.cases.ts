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
        latest_version: null,
        behind: false,
        offline: true,
        versions_behind: null,
        control_plane: { reachable: false, last_contact_at: null },
        lease: null,
        egress: { since: expect.any(String), classes: [] },
      });
      for (const [latestVersion, behind] of [
        [TENANT_PLANE_VERSION, false],
        ['99.0.0', true],
        ['0.3.0', true],
      ] as const) {
        await plane.identities.update({ latestVersion });
        const told = await plane.get('/api/deployment', admin).expect(200);
        expect(told.body).toMatchObject({ latest_version: latestVersion, behind });
      }
      expect(shown.offline).toBe(true);
    } finally {
      await plane.close();
    }
  });
});
