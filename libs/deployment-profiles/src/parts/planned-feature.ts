/** What the texts of profiles speak of and planes cannot do yet. A feature that is built goes from here, and its marks with it. */
export const PLANNED_FEATURES = [
  'alert_ingest',
  'exports',
  'slos',
  'runbooks',
  'agents',
  'leases',
  'outage_contract',
] as const;

export type PlannedFeature = (typeof PLANNED_FEATURES)[number];
