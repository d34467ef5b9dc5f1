import { join } from 'node:path';
import {
  type CommitCutter,
  type PlaneName,
  type TestDatabase,
  createTestDatabase,
  eventually,
  startCommitCutter,
  startPlane,
  testServerUrl,
} from '@atlas/testing';

jest.setTimeout(60_000);

const ENV = {
  CONTROL_PLANE_SEALING_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  CONTROL_PLANE_PUBLIC_URL: 'http://127.0.0.1:4100',
  TENANT_BASE_DOMAIN: 'localhost',
  INTERNAL_SERVICE_SECRET: 's'.repeat(64),
  CONTROL_PLANE_BASE_URL: 'http://127.0.0.1:9',
  NODE_OPTIONS: `--require ${join(__dirname, 'shorter-shutdown.cjs')}`,
};

describe.each([
  ['control-plane', 'CONTROL_PLANE'],
  ['tenant-plane', 'TENANT_PLANE'],
] as const)('a %s whose database has stopped responding', (name: PlaneName, prefix) => {
  let database: TestDatabase;
  let proxy: CommitCutter;
  beforeAll(async () => {
    [database, proxy] = await Promise.all([
      createTestDatabase('postgres'),
      startCommitCutter(testServerUrl()),
    ]);
  });
  afterAll(async () => {
    await proxy.close();
    await database.drop();
  });

  it('still shuts down on request', async () => {
    const plane = await startPlane(name, {
      env: {
        ...ENV,
        [`${prefix}_DATABASE_URL`]: proxy.through(database.url),
        [`${prefix}_MIGRATION_DATABASE_URL`]: database.ownerUrl,
      },
    });
    try {
      proxy.freeze();
      // This request waits for the database until the plane exits.
      void fetch(`${plane.url}/health/ready`).catch(() => undefined);
      let exit: { readonly code: number | null } | undefined;
      void plane.end('SIGTERM').then((code) => (exit = { code }));
      const ended = await eventually(() => exit, { timeoutMs: 10_000, what: 'the plane exits' });
      expect(ended.code).toBeNull();
      expect(plane.output()).toContain('Shutting down took longer than 35 s');
    } finally {
      await plane.end('SIGKILL');
    }
  });
});
