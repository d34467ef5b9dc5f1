import { existsSync } from 'node:fs';
import { modelsWhere } from '@atlas/deployment-profiles';
import { Database } from '@atlas/persistence';
import { EnvironmentError } from '@atlas/platform';
import { type TestDatabase, asAdmin, createTestDatabase, testServerUrl } from '@atlas/testing';
import { Logger } from '@nestjs/common';
import { type Env, createApp, environmentFor } from '../tenant-plane.fixture';

const FIXED_MODELS = modelsWhere(({ tenantFixed }) => tenantFixed);

describe('a tenant plane that starts on Postgres', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase('postgres');
  });
  afterAll(() => database.drop());

  /** The error with which the plane refuses to start, or undefined if it starts. */
  async function refusal(url: string | undefined, env: Env = {}): Promise<unknown> {
    const app = await createApp({ ...environmentFor(database), TENANT_PLANE_DATABASE_URL: url, ...env });
    try {
      await app.init();
      return undefined;
    } catch (error) {
      return error;
    } finally {
      await app.close();
    }
  }

  const superuserUrl = (): string => {
    const url = new URL(testServerUrl());
    url.pathname = new URL(database.url).pathname;
    return url.toString();
  };

  describe('as a shared plane', () => {
    it('uses a role that owns nothing', async () => {
      expect(await refusal(database.url)).toBeUndefined();
    });

    it('refuses a superuser', async () => {
      const error = await refusal(superuserUrl());
      expect(error).toBeInstanceOf(EnvironmentError);
      expect(String(error)).toContain('"postgres" is a superuser');
      expect(String(error)).toContain('TENANT_PLANE_DATABASE_URL');
    });

    it("refuses the tables' owner", async () => {
      expect(String(await refusal(database.ownerUrl))).toContain('"atlas_owner" owns the table');
    });

    it('refuses a role that bypasses row-level security', async () => {
      const role = 'tenant_plane_bypassing';
      await asAdmin(testServerUrl(), async (client) => {
        await client.query(`drop role if exists ${role}`);
        await client.query(`create role ${role} login bypassrls password 'local-only'`);
      });
      const url = new URL(database.url);
      url.username = role;
      try {
        expect(String(await refusal(url.toString()))).toContain(`"${role}" has BYPASSRLS`);
      } finally {
        await asAdmin(superuserUrl(), async (client) => {
          await client.query(`drop owned by ${role}`);
          await client.query(`drop role ${role}`);
        });
      }
    });

    it('does not show the database password when it refuses to start', async () => {
      expect(String(await refusal(superuserUrl()))).not.toContain('local-only');
    });

    it('refuses a tenant table without forced row-level security', async () => {
      expect(await refusal(database.url)).toBeUndefined();
      const alter = (how: string): Promise<unknown> =>
        asAdmin(database.ownerUrl ?? '', (client) =>
          client.query(`alter table incidents ${how} row level security`),
        );
      await alter('no force');
      expect(String(await refusal(database.url))).toContain(
        'table incidents: row-level security is not enabled and forced',
      );
      await alter('force');
      expect(await refusal(database.url)).toBeUndefined();
    });
  });

  describe.each(FIXED_MODELS)('with the model %s', (model) => {
    it("accepts the tables' owner", async () => {
      const alone = { ATLAS_TP_DEPLOYMENT: model, TENANT_PLANE_MIGRATION_DATABASE_URL: undefined };
      expect(await refusal(database.ownerUrl, alone)).toBeUndefined();
    });

    it('warns about a superuser', async () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
      expect(await refusal(superuserUrl(), { ATLAS_TP_DEPLOYMENT: model })).toBeUndefined();
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('"postgres" is a superuser'));
      warn.mockRestore();
    });
  });
});

describe('stopping a tenant plane on SQLite', () => {
  it('leaves all data in one file, so a copy of that file is complete', async () => {
    const database = await createTestDatabase('sqlite');
    const app = await createApp(environmentFor(database));
    await app.init();
    await app.get(Database).ping();
    expect(existsSync(`${database.url}-wal`)).toBe(true);
    await app.close();
    expect(existsSync(`${database.url}-wal`)).toBe(false);
    await database.drop();
  });
});
