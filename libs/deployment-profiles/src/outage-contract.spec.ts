import {
  OUTAGE_BEHAVIOURS,
  OUTAGE_CAPABILITIES,
  OUTAGE_STAGES,
  PROMISE_OF_OWN_AI,
  type OutageCapability,
  outageStageAfter,
  outageSteps,
} from './parts/outage-contract';
import { DEPLOYMENT_MODELS, profileOf } from './profiles';

const HOUR_MS = 3_600_000;

describe.each(DEPLOYMENT_MODELS)('the outage contract of %s', (model) => {
  const contract = profileOf(model).outageContract;
  const behavioursOf = (capability: OutageCapability) => {
    const promise = contract.find((one) => one.capability === capability);
    return promise && outageSteps(promise).map(({ behaviour }) => behaviour);
  };

  it('makes exactly one promise per capability', () => {
    expect(contract.map(({ capability }) => capability)).toEqual(Object.keys(OUTAGE_CAPABILITIES));
  });

  it.each(['sign_in', 'incidents', 'alert_ingest', 'cmdb', 'exports', 'tenant_address'] as const)(
    'lists %s as working throughout',
    (capability) => {
      expect(behavioursOf(capability)).toEqual(['works', 'works', 'works', 'works']);
    },
  );

  it.each(['slos', 'runbooks', 'entitlements'] as const)(
    'lists %s as working, and as degraded after a month',
    (capability) => {
      expect(behavioursOf(capability)).toEqual(['works', 'works', 'works', 'degraded']);
    },
  );

  it.each(['ai', 'tenant_lifecycle'] as const)('lists %s as refused at once', (capability) => {
    expect(behavioursOf(capability)).toEqual(['refused', 'refused', 'refused', 'refused']);
  });

  it('never promises more as an outage continues, and explains each stage', () => {
    for (const promise of contract) {
      const steps = outageSteps(promise);
      expect(steps.map(({ after }) => after)).toEqual([...OUTAGE_STAGES]);
      const severities = steps.map(({ behaviour }) => OUTAGE_BEHAVIOURS.indexOf(behaviour));
      expect(severities).toEqual([...severities].sort((a, b) => a - b));
      for (const { text } of steps) expect(text).toMatch(/^[A-Z].{15,}\.$/);
    }
  });

  it('says after a day until when it works what a lease decides', () => {
    for (const promise of contract.filter(({ needs }) => needs === 'lease'))
      expect(outageSteps(promise)[2]?.text).toMatch(/until the lease expires/);
  });
});

describe('the outage contract of a tenant with an AI of its own', () => {
  it('lists the AI as working until the lease expires', () => {
    const steps = outageSteps(PROMISE_OF_OWN_AI);
    expect(steps.map(({ behaviour }) => behaviour)).toEqual(['works', 'works', 'works', 'degraded']);
    expect(steps[2]?.text).toMatch(/until the lease expires/);
  });
});

describe('the stage of an outage', () => {
  it.each([
    [-1, 'PT0S'],
    [0, 'PT0S'],
    [HOUR_MS - 1, 'PT0S'],
    [HOUR_MS, 'PT1H'],
    [24 * HOUR_MS - 1, 'PT1H'],
    [24 * HOUR_MS, 'P1D'],
    [30 * 24 * HOUR_MS - 1, 'P1D'],
    [30 * 24 * HOUR_MS, 'P30D'],
    [Infinity, 'P30D'],
  ])('after %s ms is %s', (ms, stage) => {
    expect(outageStageAfter(ms)).toBe(stage);
  });
});
