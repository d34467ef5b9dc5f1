/**
 * Features that profile texts mention but planes do not have yet. Once a feature is built, remove it from
 * this list and from every `awaits`.
 */
export const PLANNED_FEATURES = ['leases', 'outage_contract'] as const;

export type PlannedFeature = (typeof PLANNED_FEATURES)[number];
