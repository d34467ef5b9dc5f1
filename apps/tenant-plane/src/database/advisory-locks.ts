/**
 * The classes of this plane's advisory locks, each used with a tenant's hash. They are listed in one place so
 * that no two are the same.
 *
 * Transactions take locks in this order, so that they do not deadlock. For a tenant:
 *
 * 1. the row of an `Idempotency-Key`, then rate limits (`throttles`);
 * 2. the row of an email that is being sent;
 * 3. `tenantStanding`: shared by transactions that write or admit a user, exclusive for those that revoke
 *    access or change the tenant or its AI setting;
 * 4. the row of the tenant's identity provider;
 * 5. the rows of users, by ID;
 * 6. `quotas`, or `history`;
 * 7. rows that belong to users, then the rows of features, then counters. A session's refresh limit counts as
 *    a row of its user, and `policies` as a row of a feature.
 *
 * For the plane: `tenantStanding`, then the change tracking (`tracked_tenants`, then `row_changes`), then the
 * tenant's row in the directory. A share lock on the plane's identity row comes last. A transaction that
 * locks this row exclusively takes no other lock.
 *
 * All rows of a tenant are copied or removed table by table, without `tenantStanding`: by then the tenant is
 * frozen or no longer served, so its writes are refused.
 */
export const ADVISORY_LOCKS = {
  auditSeal: 4_772_602,
  tenantStanding: 4_772_603,
  policies: 4_772_604,
  quotas: 4_772_605,
  history: 4_772_606,
} as const;
