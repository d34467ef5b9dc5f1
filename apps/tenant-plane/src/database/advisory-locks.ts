/**
 * The classes of this plane's advisory locks, each with a
 * tenant's hash beside it; here, so that no two are the same.
 *
 * Transactions take what they lock in this order, so that no two wait for each other. Of a tenant:
 *
 * 1. the row of an `Idempotency-Key`, then limits of what is asked for often (`throttles`);
 * 2. the row of a mail that is being sent;
 * 3. `tenantStanding`: shared by whoever writes or is let in,
 * exclusively by whoever takes access away, or changes the tenant
 *    or its word on AI;
 * 4. the row of its identity provider;
 * 5. the rows of users, by id;
 * 6. what belongs to users, then the rows of features, then
 * counters. The limit of a session's refreshes belongs to it.
 *
 * Of the plane: `tenantStanding`, what follows a tenant's changes (`tracked_tenants`,
 * then `row_changes`), the tenant's row in the directory. The row of the plane's
 * identity is shared behind all of them, and taken exclusively only by itself.
 *
 * What copies or removes all rows of a tenant goes table by table, without `tenantStanding`: the tenant is
 * frozen then, or no longer served, so that those who write to it are refused.
 */
export const ADVISORY_LOCKS = { auditSeal: 4_772_602, tenantStanding: 4_772_603 } as const;
