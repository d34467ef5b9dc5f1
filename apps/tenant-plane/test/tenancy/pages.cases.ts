import { type DesiredTenant } from '@atlas/plane-contract';
import { TestTenantPlane, hostOf } from '../tenant-plane.fixture';

describe('what a person with a browser sees of a tenant plane', () => {
  let plane: TestTenantPlane;
  let tenant: DesiredTenant;
  beforeAll(async () => {
    plane = await TestTenantPlane.boot('sqlite');
    tenant = await plane.tenant('acme', { name: 'Acme <Corp> & "Sons"' });
  });
  afterAll(() => plane.close());

  const open = (path: string) =>
    plane.get(path, { host: hostOf('acme'), headers: { accept: 'text/html,*/*;q=0.8' } });
  const suspend = () => plane.apply({ tenants: [{ ...tenant, status: 'suspended', entry_revision: 2 }] });

  it('is the name of the tenant, as text', async () => {
    const { text, headers } = await open('/').expect(200);
    expect(text).toContain('Acme &lt;Corp&gt; &amp; &quot;Sons&quot;');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('is a page that says what is wrong, with the id to quote', async () => {
    const answer = await open('/api/nothing?<script>').expect(404);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.text).toContain(answer.headers['x-trace-id']);
    expect(answer.text).not.toContain('<script>');
  });

  it('is the reason while the tenant is suspended; programs get it as a problem', async () => {
    await suspend();
    const page = await open('/').expect(403);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.text).toContain('This tenant is suspended');
    const problem = await plane.get('/api/tenant-default', { host: hostOf('acme') }).expect(403);
    expect(problem.headers['content-type']).toContain('application/problem+json');
    expect(problem.body.code).toBe('tenant_suspended');
  });
});
