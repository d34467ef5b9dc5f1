import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { DEPLOYMENT_MODELS, PROFILES } from '@atlas/deployment-profiles';
import { EnvironmentError, environmentVariablesOf, parseEnvironment } from '@atlas/platform';
import { TenantPlaneConfig } from './tenant-plane.config';

const SECRET = 'ats_KeyId0000001_00000000000000000000000000000000000000000074LOe8F';
const RANDOM = createHash('sha256').update('tests').digest('hex');
const LINKED = { CONTROL_PLANE_BASE_URL: 'https://cp.example.com', INTERNAL_SERVICE_SECRET: SECRET };

const NAMES_A_SECRET = /SECRET(_PREVIOUS)?$|TOKEN$|KEYS?$|(DATABASE|POSTGRES|SMTP)_URL$/;

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    parseEnvironment(TenantPlaneConfig, env);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.faults;
    throw error;
  }
  return [];
}

describe('the configuration of a Tenant Plane', () => {
  it('requires the URL of a Control Plane and a service secret', () => {
    expect(faultsOf(LINKED)).toEqual([]);
    expect(faultsOf({})).toEqual([
      expect.stringMatching(/^CONTROL_PLANE_BASE_URL/),
      expect.stringMatching(/^CONTROL_PLANE_BASE_URL/),
      expect.stringMatching(/^INTERNAL_SERVICE_SECRET is required/),
    ]);
  });

  it.each(['ATLAS_OFFLINE_MODE', 'ATLASAI_OFFLINE_MODE'])(
    'requires neither a Control Plane nor a secret if %s is set',
    (name) => {
      for (const value of ['1', 'true']) {
        expect(parseEnvironment(TenantPlaneConfig, { [name]: value }).isOffline).toBe(true);
      }
      expect(faultsOf({ [name]: '0' })).not.toEqual([]);
      expect(parseEnvironment(TenantPlaneConfig, { ...LINKED, [name]: '0' }).isOffline).toBe(false);
    },
  );

  it('defaults to a SQLite file under data/ and to no deployment model', () => {
    const config = parseEnvironment(TenantPlaneConfig, LINKED);
    expect(config.TENANT_PLANE_DATABASE_URL.reveal()).toBe('data/tenant-plane.db');
    expect(config).toMatchObject({
      PORT: 4200,
      HOST: '127.0.0.1',
      TENANT_BASE_DOMAIN: 'localhost:4200',
      ATLAS_ALLOW_REGISTER: false,
    });
    expect(config.deploymentModel).toBeUndefined();
  });

  it('reveals no secrets when it is printed', () => {
    const url = `postgres://app:${RANDOM}@db.example.com/tp`;
    const secrets: Record<string, string> = {
      TENANT_PLANE_DATABASE_URL: url,
      TENANT_PLANE_MIGRATION_DATABASE_URL: url,
      METRICS_TOKEN: RANDOM,
      INTERNAL_SERVICE_SECRET: SECRET,
      INTERNAL_SERVICE_SECRET_PREVIOUS: RANDOM,
      ATLAS_PROVISIONING_TOKEN: RANDOM,
      SMTP_URL: `smtp://atlas:${RANDOM}@mail.example.com`,
      MAIL_FROM: 'atlas@example.com',
    };
    const named = environmentVariablesOf(TenantPlaneConfig).filter((name) => NAMES_A_SECRET.test(name));
    expect(Object.keys(secrets)).toEqual(expect.arrayContaining(named));
    const config = parseEnvironment(TenantPlaneConfig, { ...LINKED, ...secrets });
    const printed = inspect(config, { depth: 9 }) + JSON.stringify(config);
    for (const text of [RANDOM, SECRET]) expect(printed).not.toContain(text);
  });

  it('is refused with a list of all errors that names the variables but not their values', () => {
    const env = {
      NODE_ENV: 'staging',
      PORT: '70000',
      ATLAS_TP_DEPLOYMENT: 'hunter2',
      TENANT_PLANE_DATABASE_URL: 'mysql://u:hunter2@db/x',
      TENANT_PLANE_MIGRATION_DATABASE_URL: ':memory:',
      CONTROL_PLANE_BASE_URL: 'hunter2',
      INTERNAL_SERVICE_SECRET: 'hunter2',
      TENANT_PLANE_PUBLIC_URL: 'hunter2',
      METRICS_TOKEN: 'hunter2',
      CORS_ALLOWED_ORIGINS: 'hunter2',
      TRUSTED_PROXIES: 'hunter2',
      SMTP_URL: 'mail://u:hunter2@mail.example.com',
      MAIL_FROM: 'hunter2',
      LOG_LEVEL: 'loud',
    };
    const faults = faultsOf(env);
    for (const name of Object.keys(env)) {
      expect([name, faults.filter((fault) => fault.startsWith(name)).length]).not.toEqual([name, 0]);
    }
    expect(faults.join('\n')).not.toContain('hunter2');
  });

  it('treats an empty value as unset', () => {
    const empty = { ATLAS_TP_DEPLOYMENT: '', TENANT_PLANE_DATABASE_URL: '', PORT: '', METRICS_TOKEN: '' };
    expect(faultsOf({ ...LINKED, ...empty })).toEqual([]);
  });

  describe('the address of the Control Plane', () => {
    const faultsOfUrl = (url: string): readonly string[] =>
      faultsOf({ ...LINKED, CONTROL_PLANE_BASE_URL: url });

    it.each([
      'https://cp.example.com',
      'https://10.0.0.1:8443',
      'https://cp',
      'http://localhost:4100',
      'http://127.0.0.1:4100',
      'http://127.8.9.1',
      'http://cp.localhost:4100',
    ])('may be %s', (url) => {
      expect(faultsOfUrl(url)).toEqual([]);
    });

    it.each(['http://cp.example.com', 'http://10.0.0.1:4100', 'http://localhost.example.com', 'http://cp'])(
      'may not be %s, because plain http must not leave this machine',
      (url) => {
        expect(faultsOfUrl(url)).toEqual([
          'CONTROL_PLANE_BASE_URL must be https unless it points to this machine',
        ]);
      },
    );

    it.each(['cp.example.com', 'ftp://cp.example.com', '//cp.example.com', 'file:///etc/passwd'])(
      'may not be %s',
      (url) => {
        expect(faultsOfUrl(url)).not.toEqual([]);
      },
    );

    it('is checked even in offline mode, if it is set', () => {
      const env = { ATLAS_OFFLINE_MODE: '1', CONTROL_PLANE_BASE_URL: 'http://cp.example.com' };
      expect(faultsOf(env)).toHaveLength(1);
    });
  });

  describe('the secret', () => {
    it.each([
      ['too short', 'x'.repeat(31)],
      ['incomplete', SECRET.slice(0, -1)],
      ['altered in one character', SECRET.replace('KeyId0000001', 'KeyId0000002')],
    ])('is refused if it is %s', (_, secret) => {
      expect(faultsOf({ ...LINKED, INTERNAL_SERVICE_SECRET: secret })).toEqual([
        expect.stringMatching(/^INTERNAL_SERVICE_SECRET/),
      ]);
    });

    it('may be the platform secret, which may be in any format', () => {
      expect(faultsOf({ ...LINKED, INTERNAL_SERVICE_SECRET: 'x'.repeat(32) })).toEqual([]);
    });
  });

  describe('the deployment model', () => {
    const modelOf = (env: NodeJS.ProcessEnv): string | undefined =>
      parseEnvironment(TenantPlaneConfig, { ...LINKED, ...env }).deploymentModel;

    it.each(DEPLOYMENT_MODELS)('can be set to %s with either variable', (model) => {
      expect(modelOf({ ATLAS_TP_DEPLOYMENT: model })).toBe(model);
      expect(modelOf({ TP_DEPLOYMENT_MODE: model })).toBe(model);
      expect(modelOf({ ATLAS_TP_DEPLOYMENT: model, TP_DEPLOYMENT_MODE: model })).toBe(model);
    });

    it.each([
      ['if its two variables differ', { ATLAS_TP_DEPLOYMENT: 'shared', TP_DEPLOYMENT_MODE: 'hybrid' }],
      ['if its value is unknown', { ATLAS_TP_DEPLOYMENT: 'on-prem' }],
      ['if the alias has an unknown value', { TP_DEPLOYMENT_MODE: 'cloud' }],
      ['if it is in capitals', { ATLAS_TP_DEPLOYMENT: 'SHARED' }],
    ])('is refused %s', (_, env) => {
      const faults = faultsOf({ ...LINKED, ...env });
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.join()).toMatch(/ATLAS_TP_DEPLOYMENT|TP_DEPLOYMENT_MODE/);
    });
  });

  it('requires a metrics token in production', () => {
    const production = { ...LINKED, NODE_ENV: 'production' };
    expect(faultsOf(production)).toEqual([expect.stringMatching(/^METRICS_TOKEN/)]);
    expect(faultsOf({ ...production, METRICS_TOKEN: RANDOM })).toEqual([]);
  });

  const verdicts = Object.values(PROFILES).map(({ model, databases }) => {
    const isAllowed = databases.allowedInProduction.includes('sqlite');
    return [isAllowed ? 'accepts' : 'refuses', model] as const;
  });

  it.each(verdicts)('%s SQLite in production for the %s model', (verdict, model) => {
    const env = { ...LINKED, METRICS_TOKEN: RANDOM, ATLAS_TP_DEPLOYMENT: model };
    expect(faultsOf(env)).toEqual([]);
    const fault = expect.stringMatching(
      `^TENANT_PLANE_DATABASE_URL must be a postgres:.* a ${model} tenant plane`,
    );
    expect(faultsOf({ ...env, NODE_ENV: 'production' })).toEqual(verdict === 'refuses' ? [fault] : []);
  });

  it.each([
    ['METRICS_TOKEN', 'x'.repeat(16)],
    ['METRICS_TOKEN', 'a-long-random-text'],
    ['INTERNAL_SERVICE_SECRET', 'x'.repeat(32)],
    ['TENANT_PLANE_PUBLIC_URL', 'http://atlas.example.com'],
    ['TENANT_PLANE_DATABASE_URL', 'postgres://app:app@db.example.com/tp'],
    ['TENANT_PLANE_MIGRATION_DATABASE_URL', 'postgres://owner:changeme@db.example.com/tp'],
    ['CORS_ALLOWED_ORIGINS', '*'],
    ['CORS_ALLOWED_ORIGINS', 'http://app.example.com'],
  ])('refuses %s=%s in production only', (name, value) => {
    const database = {
      TENANT_PLANE_DATABASE_URL: `postgres://app:${RANDOM}@db.example.com/tp`,
      TENANT_PLANE_MIGRATION_DATABASE_URL: `postgres://owner:${RANDOM}@db.example.com/tp`,
    };
    const env = { ...LINKED, ...database, METRICS_TOKEN: RANDOM, [name]: value };
    expect(faultsOf(env)).toEqual([]);
    expect(faultsOf({ ...env, NODE_ENV: 'production' })).toEqual([expect.stringMatching(`^${name} `)]);
  });
});
