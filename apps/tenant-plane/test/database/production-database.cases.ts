import { randomBytes } from 'node:crypto';
import { EnvironmentError, parseEnvironment } from '@atlas/platform';
import { type TestDatabase, createTestDatabase } from '@atlas/testing';
import { Logger } from '@nestjs/common';
import { TenantPlaneConfig } from '../../src/config/tenant-plane.config';
import { withInstalledPlane } from '../../src/installation/installed-plane';
import { preflight } from '../../src/installation/preflight';
import { PlaneIdentities } from '../../src/plane-identity/plane-identities';
import { createApp, environmentFor } from '../tenant-plane.fixture';

const PRODUCTION = { NODE_ENV: 'production', METRICS_TOKEN: randomBytes(16).toString('hex') };
const REFUSAL = /TENANT_PLANE_DATABASE_URL must be a postgres:.*ATLAS_TP_DEPLOYMENT/s;

describe('a tenant plane on SQLite', () => {
  let database: TestDatabase;
  const warn = jest.spyOn(Logger.prototype, 'warn');
  beforeEach(async () => {
    database = await createTestDatabase('sqlite');
    warn.mockReset().mockImplementation();
  });
  afterEach(() => database.drop());
  afterAll(() => warn.mockRestore());

  const env = () => ({ ...environmentFor(database), ATLAS_TP_DEPLOYMENT: undefined });

  /** Stores the model, as an enrolment would. */
  async function enrolAs(deploymentModel: 'shared' | 'on_prem'): Promise<void> {
    const app = await createApp(env());
    await app.init();
    await app.get(PlaneIdentities).update({ deploymentModel });
    await app.close();
  }

  async function start(): Promise<void> {
    const app = await createApp({ ...env(), ...PRODUCTION });
    await app.init().finally(() => app.close());
  }

  const environmentCheck = async () => (await preflight({ ...env(), ...PRODUCTION })).checks[0];

  it('does not start in production if its model is unknown', async () => {
    await expect(start()).rejects.toThrow(EnvironmentError);
    await expect(start()).rejects.toThrow(REFUSAL);
    expect(await environmentCheck()).toMatchObject({
      name: 'environment',
      ok: false,
      detail: expect.stringMatching(REFUSAL),
    });
  });

  it('neither starts nor enrols again in production if it is enrolled as shared', async () => {
    await enrolAs('shared');
    await expect(start()).rejects.toThrow(REFUSAL);
    const config = parseEnvironment(TenantPlaneConfig, { ...env(), ...PRODUCTION });
    const reached = jest.fn();
    await expect(withInstalledPlane(config, reached)).rejects.toThrow(REFUSAL);
    expect(reached).not.toHaveBeenCalled();
  });

  it('starts in production with a warning if it is enrolled as on_prem', async () => {
    await enrolAs('on_prem');
    warn.mockClear();
    await start();
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/^SQLite in production means .*Postgres is recommended/),
    );
    expect(await environmentCheck()).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/SQLite in production/),
    });
  });

  it('starts without a warning outside production', async () => {
    const app = await createApp(env());
    await app.init();
    await app.close();
    expect(warn).not.toHaveBeenCalled();
  });
});
