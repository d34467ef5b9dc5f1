import { EnvironmentError, parseEnvironment } from '@atlas/platform';
import { ControlPlaneConfig } from './control-plane.config';

const KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`;
const PRODUCTION = {
  NODE_ENV: 'production',
  CONTROL_PLANE_DATABASE_URL: 'postgres://app:secret@db.example.com/cp',
  CONTROL_PLANE_PUBLIC_URL: 'https://cp.example.com',
  CONTROL_PLANE_SEALING_KEYS: KEYS,
  METRICS_TOKEN: 'a token of 16 characters or more',
};

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
  it('needs nothing but sealing keys in development', () => {
    expect(parseEnvironment(ControlPlaneConfig, { CONTROL_PLANE_SEALING_KEYS: KEYS })).toMatchObject({
      PORT: 4100,
      HOST: '127.0.0.1',
      CONTROL_PLANE_DATABASE_URL: 'data/control-plane.db',
      CONTROL_PLANE_PUBLIC_URL: 'http://127.0.0.1:4100',
      REQUIRE_PURCHASE_ORDER: false,
    });
  });

  it('reads numbers and switches', () => {
    const env = { CONTROL_PLANE_SEALING_KEYS: KEYS, PORT: '0', REQUIRE_PURCHASE_ORDER: '1' };
    expect(parseEnvironment(ControlPlaneConfig, env)).toMatchObject({
      PORT: 0,
      REQUIRE_PURCHASE_ORDER: true,
    });
  });

  it('lists every fault at once, each by its name, and repeats no value', () => {
    const env = {
      NODE_ENV: 'staging',
      PORT: '70000',
      CONTROL_PLANE_DATABASE_URL: 'mysql://u:hunter2@db/x',
      CONTROL_PLANE_MIGRATION_DATABASE_URL: ':memory:',
      CONTROL_PLANE_PUBLIC_URL: 'cp.example.com',
      CONTROL_PLANE_SEALING_KEYS: 'k1:c2hvcnQ=',
      INTERNAL_SERVICE_SECRET: 'hunter2',
      METRICS_TOKEN: 'hunter2',
      LOG_LEVEL: 'loud',
    };
    const faults = faultsOf(env);
    for (const name of Object.keys(env))
      expect(faults.filter((fault) => fault.startsWith(name))).not.toEqual([]);
    expect(faults.join('\n')).not.toContain('hunter2');
  });

  it('takes an empty value for none', () => {
    expect(faultsOf({ CONTROL_PLANE_SEALING_KEYS: KEYS, METRICS_TOKEN: '', PORT: '' })).toEqual([]);
    expect(faultsOf({ CONTROL_PLANE_SEALING_KEYS: '' })).toEqual([
      expect.stringMatching(/^CONTROL_PLANE_SEALING_KEYS/),
    ]);
  });

  describe('in production', () => {
    it('is accepted when all is said', () => {
      expect(faultsOf(PRODUCTION)).toEqual([]);
    });

    it.each([
      ['METRICS_TOKEN', undefined],
      ['METRICS_TOKEN', 'too short'],
      ['CONTROL_PLANE_SEALING_KEYS', undefined],
      ['CONTROL_PLANE_PUBLIC_URL', 'http://cp.example.com'],
      ['ATLAS_FAULT_POINT', 'provision/activate/before:kill'],
      ['INTERNAL_SERVICE_SECRET', 'x'.repeat(31)],
      ['AI_PROVIDER', 'oracle'],
      ['AI_PROVIDER_API_KEY', 'two words'],
      ['AI_PROVIDER_TIMEOUT_MS', '0'],
    ])('is refused for %s=%s', (name, value) => {
      expect(faultsOf({ ...PRODUCTION, [name]: value })).toEqual([expect.stringMatching(`^${name} `)]);
    });

    it('needs a model for its AI provider, and https to get there', () => {
      const AI_PROVIDER_BASE_URL = 'http://ai.example.com/v1';
      expect(faultsOf({ ...PRODUCTION, AI_PROVIDER_BASE_URL })).toEqual([
        expect.stringMatching(/^AI_PROVIDER_BASE_URL must be https/),
        expect.stringMatching(/^AI_PROVIDER_MODEL/),
      ]);
    });

    it('may be plain http on this machine, behind a proxy', () => {
      expect(faultsOf({ ...PRODUCTION, CONTROL_PLANE_PUBLIC_URL: 'http://127.0.0.1:4100' })).toEqual([]);
    });
  });
});
