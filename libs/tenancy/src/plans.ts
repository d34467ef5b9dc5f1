/** What a tenant has bought, smallest first. */
export const PLANS = ['core', 'operations', 'enterprise'] as const;

export type Plan = (typeof PLANS)[number];
