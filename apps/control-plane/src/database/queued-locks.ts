/** The classes of this plane's queued locks, each with the hash of an id beside it; here, so that no two are the same. */
export const QUEUED_LOCKS = { operatorAccess: 4_772_611, planeTrust: 4_772_612 } as const;
