import { EVERY_DATABASE } from '@atlas/testing';
import { JobScene } from '../job-scene.fixture';
import { refusal } from '../plane-simulator.fixture';

describe.each(EVERY_DATABASE)('routing on %s', (driver) => {
  let scene: JobScene;
  let id: string;
  let slug: string;
  beforeAll(async () => {
    scene = await JobScene.set(driver);
    const { body } = await scene.plane.provision().expect(202);
    ({ id, slug } = body.tenant);
    await scene.cell.serve(id);
    await scene.reaches(body.job.id, 'succeeded');
  });
  afterAll(() => scene.plane.close());

  const resolve = (host: string, token?: string) =>
    scene.plane.get(`/api/routing/resolve?host=${encodeURIComponent(host)}`, { token });

  it('finds the plane that serves a host', async () => {
    const route = {
      tenant_id: id,
      slug,
      tenant_plane_id: scene.cell.id,
      deployment_model: 'shared',
      endpoint_url: 'https://cell.example.com',
    };
    const host = `${slug}.atlas.example`;
    expect((await resolve(host).expect(200)).body).toEqual({ host, ...route });
    const asked = await scene.cell.call({ method: 'GET', path: `/api/tenant-planes/self/routes/${slug}` });
    expect([asked.status, asked.body]).toEqual([200, route]);
    asked.verify();
  });

  it('finds no plane for other domains, unknown tenants or tenants that are not served yet', async () => {
    const waiting = await scene.plane.provision({ deployment_model: 'on_prem' }).expect(202);
    const hosts = [`${slug}.evil.example`, 'nobody.atlas.example', 'atlas.example'];
    for (const host of [...hosts, `${waiting.body.tenant.slug}.atlas.example`])
      expect([host, ...refusal(await resolve(host))]).toEqual([host, 404, 'no_route']);
    const asked = await scene.cell.call({ method: 'GET', path: '/api/tenant-planes/self/routes/nobody' });
    expect(asked.status).toBe(204);
  });

  it('requires the scope routing:read', async () => {
    const token = await scene.plane.createApiKey(['tenants:read']);
    expect(refusal(await resolve(`${slug}.atlas.example`, token))).toEqual([403, 'forbidden']);
    expect((await resolve('x'.repeat(261))).status).toBe(400);
  });
});
