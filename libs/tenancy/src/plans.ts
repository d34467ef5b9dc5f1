/** What a tenant has bought, smallest first. */
export const PLANS = ['core', 'operations', 'enterprise'] as const;

export type Plan = (typeof PLANS)[number];

export function isPlan(value: unknown): value is Plan {
  return PLANS.some((plan) => plan === value);
}
