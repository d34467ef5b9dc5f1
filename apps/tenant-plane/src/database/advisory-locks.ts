/** The classes of this plane's advisory locks, each with a tenant's hash beside it; here, so that no two are the same. */
export const ADVISORY_LOCKS = { auditSeal: 4_772_602, tenantStanding: 4_772_603 } as const;
