import {
  OUTAGE_CAPABILITIES,
  OUTAGE_MOMENTS,
  OUTAGE_STATES,
  type OutagePromise,
} from './parts/outage-contract';
import { DEPLOYMENT_MODELS, profileOf } from './profiles';

describe.each(DEPLOYMENT_MODELS)('the outage contract of %s', (model) => {
  const contract = profileOf(model).outageContract;
  const statesOf = (capability: OutagePromise['capability']) => {
    const after = contract.find((promise) => promise.capability === capability)?.after;
    return OUTAGE_MOMENTS.map((moment) => after?.[moment]);
  };

  it('makes exactly one promise per capability', () => {
    expect(contract.map(({ capability }) => capability)).toEqual([...OUTAGE_CAPABILITIES]);
  });

  it.each(['sign_in', 'incidents', 'alert_ingest', 'cmdb', 'exports', 'tenant_address'] as const)(
    'lists %s as working throughout',
    (capability) => {
      expect(statesOf(capability)).toEqual(['works', 'works', 'works', 'works']);
    },
  );

  it.each(['slos', 'runbooks', 'entitlements'] as const)(
    'lists %s as working with a warning after a day, and as read-only after a month',
    (capability) => {
      expect(statesOf(capability)).toEqual(['works', 'works', 'warns', 'read_only']);
    },
  );

  it.each(['ai', 'tenant_lifecycle'] as const)(
    'lists %s as unavailable without the Control Plane',
    (capability) => {
      expect(new Set(statesOf(capability))).toEqual(new Set(['unavailable']));
    },
  );

  it('never promises more as an outage continues, and explains each promise', () => {
    for (const { after, note } of contract) {
      const severities = OUTAGE_MOMENTS.map((moment) => OUTAGE_STATES.indexOf(after[moment]));
      expect(severities).toEqual([...severities].sort((a, b) => a - b));
      expect(note).toMatch(/^[A-Z].{15,}\.$/);
    }
  });
});
