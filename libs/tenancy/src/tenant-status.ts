import { defineStateMachine, type Transitions } from './state-machine';

export const TENANT_STATUSES = [
  'provisioning',
  'active',
  'suspended',
  'failed',
  'deprovisioning',
  'deleted',
] as const;

export type TenantStatus = (typeof TENANT_STATUSES)[number];

/**
 * A tenant's life cycle. A tenant in any state but `deleted` can be deprovisioned. If its provisioning is
 * rolled back, it becomes `deleted`, or `failed` if the rollback stops. While it is being deprovisioned, it
 * can be restored to its previous state.
 */
export const TENANT_TRANSITIONS: Transitions<TenantStatus> = Object.freeze({
  provisioning: ['active', 'failed', 'deprovisioning', 'deleted'],
  active: ['suspended', 'deprovisioning'],
  suspended: ['active', 'deprovisioning'],
  failed: ['provisioning', 'deprovisioning', 'deleted'],
  deprovisioning: ['deleted', 'active', 'suspended', 'failed'],
  deleted: [],
});

const machine = defineStateMachine(TENANT_TRANSITIONS);

export const canTransition = machine.can;

export const isTenantStatus = machine.is;
