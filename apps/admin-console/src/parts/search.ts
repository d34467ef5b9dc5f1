import { textOf } from '@atlas/web';

/** A path of this app, to go to later. Never another site. */
export function localPath(given: unknown): string | undefined {
  const path = textOf(given);
  return path !== undefined && /^\/(?![/\\])/.test(path) ? path : undefined;
}

/** What an address may say. Names without a value stay, because the router keeps names that are left out. */
export function searchOf<Values extends object>(values: Values): ReturnType<typeof given<Values>> {
  return values as ReturnType<typeof given<Values>>;
}

/** Leaves out what has no value, so that addresses and calls stay short. */
export function given<Values extends object>(
  values: Values,
): {
  readonly [Name in keyof Values]?: Exclude<Values[Name], undefined>;
} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    readonly [Name in keyof Values]?: Exclude<Values[Name], undefined>;
  };
}

export const JOB_VIEWS = ['attention', 'live', 'all'] as const;
export const TENANT_STATUSES = [
  'provisioning',
  'active',
  'suspended',
  'failed',
  'deprovisioning',
  'deleted',
] as const;
export const PLAN_CHOICES = ['core', 'operations', 'enterprise'] as const;
export const HEALTHS = ['online', 'offline', 'unknown'] as const;
