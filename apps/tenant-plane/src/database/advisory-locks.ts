/**
 * The classes of this plane's advisory locks, each used with a tenant's
 * hash. They are listed in one place so that no two are the same.
 *
 * Transactions take locks in this order, so that they do not deadlock. Of a tenant:
 *
 * 1. the row of an `Idempotency-Key`, then rate limits (`throttles`);
 * 2. the row of a mail that is being sent;
 * 3. `tenantStanding`: shared by whoever writes or is admitted, exclusive for
 *    whoever takes access away, or changes the tenant or its setting for AI;
 * 4. the row of its identity provider;
 * 5. the rows of users, by id;
 * 6. rows that belong to users, then the rows of features, then counters. The
 *    limit of a session's refreshes counts as a row of its user.
 *
 * Of the plane: `tenantStanding`, what follows a tenant's changes (`tracked_tenants`,
 * then `row_changes`), the tenant's row in the directory. The row of the plane's
 * identity is shared after all of them; whoever takes it exclusively takes nothing else.
 *
 * Copying or removing all rows of a tenant goes table by table, without `tenantStanding`:
 * the tenant is frozen then, or no longer served, so its writers are refused.
 */
export const ADVISORY_LOCKS = { auditSeal: 4_772_602, tenantStanding: 4_772_603 } as const;
