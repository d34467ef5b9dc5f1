import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { EnvironmentError, environmentVariablesOf, parseEnvironment } from '@atlas/platform';
import { ControlPlaneConfig } from './control-plane.config';

const KEYS = `k1:${createHash('sha256').update('tests').digest('base64')}`;
const WELL_KNOWN_KEY = `k2:${Buffer.alloc(32, 7).toString('base64')}`;
const RANDOM = createHash('sha256').update('tests').digest('hex');
const PRODUCTION = {
  NODE_ENV: 'production',
  CONTROL_PLANE_DATABASE_URL: `postgres://app:${RANDOM}@db.example.com/cp`,
  CONTROL_PLANE_PUBLIC_URL: 'https://cp.example.com',
  CONTROL_PLANE_SEALING_KEYS: KEYS,
  METRICS_TOKEN: RANDOM,
  MAIL_FROM: 'atlas@example.com',
};

const NAMES_A_SECRET = /SECRET(_PREVIOUS)?$|TOKEN$|KEYS?$|(DATABASE|POSTGRES|SMTP)_URL$/;

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    parseEnvironment(ControlPlaneConfig, env);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.faults;
    throw error;
  }
  return [];
}

describe('the configuration of the Control Plane', () => {
  it('requires only sealing keys in development', () => {
    const config = parseEnvironment(ControlPlaneConfig, { CONTROL_PLANE_SEALING_KEYS: KEYS });
    expect(config.CONTROL_PLANE_DATABASE_URL.reveal()).toBe('data/control-plane.db');
    expect(config).toMatchObject({
      PORT: 4100,
      HOST: '127.0.0.1',
      CONTROL_PLANE_PUBLIC_URL: 'http://127.0.0.1:4100',
      REQUIRE_PURCHASE_ORDER: false,
    });
  });

  it('does not reveal its secrets when printed', () => {
    const url = `postgres://app:${RANDOM}@db.example.com/cp`;
    const secrets: Record<string, string> = {
      CONTROL_PLANE_DATABASE_URL: url,
      CONTROL_PLANE_MIGRATION_DATABASE_URL: url,
      CONTROL_PLANE_SEALING_KEYS: KEYS,
      INTERNAL_SERVICE_SECRET: RANDOM,
      LOCAL_DRIVER_POSTGRES_URL: url,
      INTERNAL_SERVICE_SECRET_PREVIOUS: `${RANDOM}1`,
      METRICS_TOKEN: RANDOM,
      AI_PROVIDER_API_KEY: RANDOM,
      SMTP_URL: `smtp://atlas:${RANDOM}@mail.example.com`,
      MAIL_FROM: 'atlas@example.com',
      OPERATOR_OIDC_ISSUER: 'https://login.example.com',
      OPERATOR_OIDC_CLIENT_ID: 'atlas',
      OPERATOR_OIDC_CLIENT_SECRET: RANDOM,
    };
    const named = environmentVariablesOf(ControlPlaneConfig).filter((name) => NAMES_A_SECRET.test(name));
    expect(Object.keys(secrets)).toEqual(expect.arrayContaining(named));
    const config = parseEnvironment(ControlPlaneConfig, secrets);
    const printed = inspect(config, { depth: 9 }) + JSON.stringify(config);
    for (const text of [RANDOM, KEYS]) expect(printed).not.toContain(text);
  });

  it('parses numbers and booleans', () => {
    const env = { CONTROL_PLANE_SEALING_KEYS: KEYS, PORT: '0', REQUIRE_PURCHASE_ORDER: '1' };
    expect(parseEnvironment(ControlPlaneConfig, env)).toMatchObject({
      PORT: 0,
      REQUIRE_PURCHASE_ORDER: true,
    });
  });

  it('lists all errors at once, by variable name, without revealing any value', () => {
    const env = {
      NODE_ENV: 'staging',
      PORT: '70000',
      CONTROL_PLANE_DATABASE_URL: 'mysql://u:hunter2@db/x',
      CONTROL_PLANE_MIGRATION_DATABASE_URL: ':memory:',
      CONTROL_PLANE_PUBLIC_URL: 'cp.example.com',
      CONTROL_PLANE_SEALING_KEYS: 'k1:c2hvcnQ=',
      INTERNAL_SERVICE_SECRET: 'hunter2',
      METRICS_TOKEN: 'hunter2',
      CORS_ALLOWED_ORIGINS: 'hunter2',
      TRUSTED_PROXIES: 'hunter2',
      SMTP_URL: 'mail://u:hunter2@mail.example.com',
      MAIL_FROM: 'hunter2',
      LOG_LEVEL: 'loud',
    };
    const faults = faultsOf(env);
    for (const name of Object.keys(env))
      expect(faults.filter((fault) => fault.startsWith(name))).not.toEqual([]);
    expect(faults.join('\n')).not.toContain('hunter2');
  });

  it('treats an empty value as unset', () => {
    expect(faultsOf({ CONTROL_PLANE_SEALING_KEYS: KEYS, METRICS_TOKEN: '', PORT: '' })).toEqual([]);
    expect(faultsOf({ CONTROL_PLANE_SEALING_KEYS: '' })).toEqual([
      expect.stringMatching(/^CONTROL_PLANE_SEALING_KEYS/),
    ]);
  });

  it.each([
    ['*', ['*']],
    ['https://a.example.com, http://localhost:5173', ['https://a.example.com', 'http://localhost:5173']],
  ])('lets pages from %s call the API in development', (CORS_ALLOWED_ORIGINS, allowedOrigins) => {
    const env = { CONTROL_PLANE_SEALING_KEYS: WELL_KNOWN_KEY, CORS_ALLOWED_ORIGINS };
    const { web } = parseEnvironment(ControlPlaneConfig, env);
    expect(web).toMatchObject({ isProduction: false, allowedOrigins });
  });

  it.each([
    'https://a.example.com/',
    'https://*.example.com/x',
    'a.example.com',
    'ftp://a.example.com',
    'null',
  ])('refuses %s as an origin', (CORS_ALLOWED_ORIGINS) => {
    expect(faultsOf({ CONTROL_PLANE_SEALING_KEYS: KEYS, CORS_ALLOWED_ORIGINS })).toEqual([
      expect.stringMatching(/^CORS_ALLOWED_ORIGINS must be origins/),
    ]);
  });

  it.each(['10.0.0.0/8', '192.0.2.1, 2001:db8::/32', '::1'])('trusts proxies at %s', (TRUSTED_PROXIES) => {
    expect(faultsOf({ CONTROL_PLANE_SEALING_KEYS: KEYS, TRUSTED_PROXIES })).toEqual([]);
  });

  it.each(['*', '0.0.0.0/0', '10.0.0.0/33', 'proxy.example.com', '10.0.0/8'])(
    'refuses %s as a proxy',
    (TRUSTED_PROXIES) => {
      expect(faultsOf({ CONTROL_PLANE_SEALING_KEYS: KEYS, TRUSTED_PROXIES })).toEqual([
        expect.stringMatching(/^TRUSTED_PROXIES must be addresses/),
      ]);
    },
  );

  it('requires MAIL_FROM if SMTP_URL is set', () => {
    const env = { CONTROL_PLANE_SEALING_KEYS: KEYS, SMTP_URL: 'smtp://mail.example.com' };
    expect(faultsOf(env)).toEqual([expect.stringMatching(/^MAIL_FROM is required/)]);
    expect(faultsOf({ ...env, MAIL_FROM: 'Atlas <atlas@example.com>' })).toEqual([]);
  });

  describe('in production', () => {
    it('is accepted if it is complete', () => {
      expect(faultsOf(PRODUCTION)).toEqual([]);
    });

    it.each([
      ['METRICS_TOKEN', undefined],
      ['METRICS_TOKEN', 'too short'],
      ['CONTROL_PLANE_SEALING_KEYS', undefined],
      ['CONTROL_PLANE_PUBLIC_URL', 'http://cp.example.com'],
      ['ATLAS_FAULT_POINT', 'provision/activate/before:kill'],
      ['WEBHOOKS_TO_ANY_ADDRESS', '1'],
      ['INTERNAL_SERVICE_SECRET', RANDOM.slice(0, 31)],
      ['METRICS_TOKEN', 'a-long-random-text'],
      ['INTERNAL_SERVICE_SECRET', 'change-me-change-me-change-me-change-me'],
      ['CONTROL_PLANE_DATABASE_URL', 'postgres://app:app@db.example.com/cp'],
      ['CONTROL_PLANE_DATABASE_URL', 'postgres://postgres:postgres@db.example.com/cp'],
      ['CONTROL_PLANE_MIGRATION_DATABASE_URL', 'postgres://owner:password@db.example.com/cp'],
      ['CONTROL_PLANE_SEALING_KEYS', `${KEYS},${WELL_KNOWN_KEY}`],
      ['SMTP_URL', 'smtp://atlas:change-me@mail.example.com'],
      ['CORS_ALLOWED_ORIGINS', '*'],
      ['CORS_ALLOWED_ORIGINS', 'https://app.example.com,*'],
      ['CORS_ALLOWED_ORIGINS', 'http://app.example.com'],
      ['AI_PROVIDER', 'oracle'],
      ['AI_PROVIDER_API_KEY', 'two words'],
      ['AI_PROVIDER_TIMEOUT_MS', '0'],
    ])('is refused with %s=%s', (name, value) => {
      expect(faultsOf({ ...PRODUCTION, [name]: value })).toEqual([expect.stringMatching(`^${name} `)]);
    });

    it('requires a model and https for the AI provider', () => {
      const AI_PROVIDER_BASE_URL = 'http://ai.example.com/v1';
      expect(faultsOf({ ...PRODUCTION, AI_PROVIDER_BASE_URL })).toEqual([
        expect.stringMatching(/^AI_PROVIDER_BASE_URL must be https/),
        expect.stringMatching(/^AI_PROVIDER_MODEL/),
      ]);
    });

    it('requires https, a client id and a strong secret for the identity provider', () => {
      const provider = {
        OPERATOR_OIDC_ISSUER: 'https://login.example.com',
        OPERATOR_OIDC_CLIENT_ID: 'atlas',
      };
      expect(faultsOf({ ...PRODUCTION, ...provider })).toEqual([]);
      for (const [wrong, fault] of [
        [{ OPERATOR_OIDC_ISSUER: 'http://login.example.com' }, /^OPERATOR_OIDC_ISSUER must be https/],
        [{ OPERATOR_OIDC_ISSUER: undefined }, /^OPERATOR_OIDC_ISSUER is required/],
        [{ OPERATOR_OIDC_CLIENT_ID: undefined }, /^OPERATOR_OIDC_CLIENT_ID is required/],
        [{ OPERATOR_OIDC_CLIENT_SECRET: 'changeme' }, /^OPERATOR_OIDC_CLIENT_SECRET /],
      ] as const)
        expect(faultsOf({ ...PRODUCTION, ...provider, ...wrong })).toEqual([expect.stringMatching(fault)]);
    });

    it('wants planes kept ready only where a driver can create them without a tenant', () => {
      const pool = { DEDICATED_POOL_SIZE: '2' };
      expect(faultsOf({ ...PRODUCTION, ...pool })).toEqual([
        expect.stringMatching(/^DEDICATED_POOL_SIZE must be 0 with INFRASTRUCTURE_DRIVER=manual/),
      ]);
      expect(faultsOf({ ...PRODUCTION, ...pool, INFRASTRUCTURE_DRIVER: 'terraform' })).toEqual([]);
      const own = { NODE_ENV: 'test', LOCAL_DRIVER_POSTGRES_URL: 'postgres://admin@{slug}.example.com/x' };
      expect(faultsOf({ ...PRODUCTION, ...pool, ...own })).toEqual([
        expect.stringMatching(/^DEDICATED_POOL_SIZE must be 0 with \{slug\} in LOCAL_DRIVER_POSTGRES_URL/),
      ]);
    });

    it('reports all errors at once', () => {
      const faults = faultsOf({
        NODE_ENV: 'production',
        CONTROL_PLANE_DATABASE_URL: 'postgres://postgres:postgres@db/cp',
        CONTROL_PLANE_PUBLIC_URL: 'http://cp.example.com',
        CONTROL_PLANE_SEALING_KEYS: WELL_KNOWN_KEY,
        CORS_ALLOWED_ORIGINS: '*',
        METRICS_TOKEN: 'changeme-changeme',
      });
      expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
        'CONTROL_PLANE_DATABASE_URL',
        'CONTROL_PLANE_PUBLIC_URL',
        'CONTROL_PLANE_SEALING_KEYS',
        'METRICS_TOKEN',
        'CORS_ALLOWED_ORIGINS',
      ]);
      expect(faults.join('\n')).not.toMatch(/changeme|postgres:|BwcHBw/);
    });

    it.each(['data/control-plane.db', 'sqlite:cp.db', undefined])('refuses SQLite (%s)', (url) => {
      expect(faultsOf({ ...PRODUCTION, CONTROL_PLANE_DATABASE_URL: url })).toEqual([
        expect.stringMatching(/^CONTROL_PLANE_DATABASE_URL must be a postgres:.* in production/),
      ]);
    });

    it('allows plain http on the loopback address, for use behind a proxy', () => {
      expect(faultsOf({ ...PRODUCTION, CONTROL_PLANE_PUBLIC_URL: 'http://127.0.0.1:4100' })).toEqual([]);
    });
  });
});
