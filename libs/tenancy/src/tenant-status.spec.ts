import {
  canTransition,
  isTenantStatus,
  TENANT_STATUSES,
  TENANT_TRANSITIONS,
  type TenantStatus,
} from './tenant-status';

const ALLOWED: readonly [from: TenantStatus, to: TenantStatus, when: string][] = [
  ['provisioning', 'active', 'provisioning has succeeded'],
  ['provisioning', 'failed', 'a step needs an operator'],
  ['provisioning', 'deprovisioning', 'it is deleted before it is complete'],
  ['provisioning', 'deleted', 'provisioning was rolled back'],
  ['active', 'suspended', 'it is suspended'],
  ['active', 'deprovisioning', 'it is deleted'],
  ['suspended', 'active', 'it is resumed'],
  ['suspended', 'deprovisioning', 'it is deleted'],
  ['failed', 'provisioning', 'its job is resumed'],
  ['failed', 'deprovisioning', 'it is deleted before it is complete'],
  ['failed', 'deleted', 'its job is rolled back'],
  ['deprovisioning', 'deleted', 'everything has been removed'],
  ['deprovisioning', 'active', 'it is restored'],
  ['deprovisioning', 'suspended', 'it was suspended and is restored'],
  ['deprovisioning', 'failed', 'the rollback of its provisioning stops'],
];

const isListed = (from: TenantStatus, to: TenantStatus) => ALLOWED.some(([f, t]) => f === from && t === to);
const FORBIDDEN = TENANT_STATUSES.flatMap((from) => TENANT_STATUSES.map((to) => [from, to] as const)).filter(
  ([from, to]) => !isListed(from, to),
);

describe('the life cycle of a tenant', () => {
  it.each(ALLOWED)('allows a tenant that is %s to become %s: %s', (from, to) => {
    expect(canTransition(from, to)).toBe(true);
  });

  it.each(FORBIDDEN)('never allows a tenant that is %s to become %s', (from, to) => {
    expect(canTransition(from, to)).toBe(false);
  });

  it('has one final state, deleted, which can be reached from every other state', () => {
    expect(TENANT_STATUSES.filter((status) => TENANT_TRANSITIONS[status].length === 0)).toEqual(['deleted']);
    for (const status of TENANT_STATUSES.filter((other) => other !== 'deleted')) {
      expect(canTransition(status, 'deleted') || canTransition(status, 'deprovisioning')).toBe(true);
    }
  });

  it('covers every status and nothing else', () => {
    expect(Object.keys(TENANT_TRANSITIONS)).toEqual([...TENANT_STATUSES]);
    expect(TENANT_STATUSES.every(isTenantStatus)).toBe(true);
    expect(isTenantStatus('archived')).toBe(false);
  });
});
