/** The Control Plane's queued lock classes, listed together so that no two share a number. */
export const QUEUED_LOCKS = {
  operatorAccess: 4_772_611,
  planeTrust: 4_772_612,
  events: 4_772_613,
  warmPool: 4_772_614,
} as const;
