import { ADMIN_PASSWORD, type InstallView, type TestStack } from '@atlas/testing';
import { type Proof } from '../proof';

/** R17. The secrets of a whole life of a tenant are looked for in all that both planes write and answer. */
export const REDACTION: Proof = {
  name: 'redaction',
  goal: 'secrets in logs at level trace, in lists, audit rows, jobs, metrics and error answers: 0',
  databases: ['sqlite', 'postgres'],
  smallOn: ['sqlite'],
  async run({ stack: start, database }) {
    const sealingKey = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
    const stack = await start({ LOG_LEVEL: 'trace', CONTROL_PLANE_SEALING_KEYS: sealingKey });
    const planeDatabase = await database();
    const { id, install } = await stack.registerCell();
    const plane = await stack.startTenantPlane(install, planeDatabase, { LOG_LEVEL: 'trace' });
    await stack.awaitEnrolled(id);
    const { tenant, session } = await stack.tenantWithAdmin('quiet');
    await provoke(stack, install, tenant.slug, session.token);
    const secrets: Record<string, string> = {
      'API key': stack.apiKey,
      'admin password': ADMIN_PASSWORD,
      'sealing key': sealingKey.slice(3),
      'service secret': install.env['INTERNAL_SERVICE_SECRET'] ?? '',
      'provisioning token': install.token,
      session: session.token,
      'refresh token': session.refresh_token,
      'database password': new URL(planeDatabase.url, 'file:').password || 'no-password-in-a-file-path',
    };
    const texts: Record<string, string> = {
      'Control Plane log': stack.controlPlane.output(),
      'Tenant Plane log': plane.output(),
      ...(await answers(stack, tenant.id, session.token)),
    };
    const found = Object.entries(texts).flatMap(([where, text]) =>
      Object.entries(secrets)
        .filter(([, secret]) => text.includes(secret))
        .map(([what]) => `${what} in ${where}`),
    );
    const bytes = Object.values(texts).reduce((sum, text) => sum + text.length, 0);
    const figure = `${Object.keys(secrets).length} secrets in ${Object.keys(texts).length} texts (${Math.round(bytes / 1000)} kB): ${found.length} found ${found.join('; ')}`;
    return { figure, isGood: found.length === 0 && bytes > 10_000 };
  },
};

/** Errors are where secrets leak: each is sent where it does not belong. */
async function provoke(stack: TestStack, install: InstallView, slug: string, session: string): Promise<void> {
  const { token } = install;
  await stack.api('/api/tenants/provision', {
    body: { name: ADMIN_PASSWORD, token, deployment_model: token },
  });
  await stack.api('/api/auth/login', {
    body: { email: 'owner@example.com', password: `${ADMIN_PASSWORD}!` },
  });
  await stack.api('/api/tenant-planes/enroll', {
    body: { token },
    headers: { signature: token, 'signature-input': token },
  });
  await stack.tenant(slug, '/api/auth/signup-exchange', {
    body: { token: session, password: ADMIN_PASSWORD },
  });
  await stack.tenant(slug, '/api/incidents', { session: `${session}x` });
  await stack.tenant(slug, '/api/incidents', { session, body: '{broken' });
}

async function answers(stack: TestStack, tenantId: string, session: string): Promise<Record<string, string>> {
  const paths = [
    '/api/tenants',
    '/api/tenant-planes',
    '/api/provisioning-jobs',
    '/api/audit?limit=200',
    `/api/tenants/${tenantId}`,
  ];
  const own = ['/api/audit?limit=200', '/api/auth/me', '/api/tenant-default', '/api/onboarding'];
  const texts: Record<string, string> = {};
  for (const path of paths) texts[`GET ${path}`] = JSON.stringify((await stack.api(path)).body);
  for (const path of own)
    texts[`tenant GET ${path}`] = JSON.stringify((await stack.tenant(tenantId, path, { session })).body);
  texts['metrics'] = await (await fetch(`${stack.controlPlane.url}/metrics`)).text();
  return texts;
}
