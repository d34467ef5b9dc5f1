import { LIVE_JOB_STATUSES } from '@atlas/jobs';
import { lockedForUpdate, takeLocks } from '@atlas/persistence';
import { type TenantStatus } from '@atlas/tenancy';
import { Brackets, type EntityManager, In, Not } from 'typeorm';
import { HAS_JOB_THAT_LETS_IN } from '../provisioning-jobs/live-jobs';
import { Tenant } from '../registry/tenant.entity';
import { Signup } from './signup.entity';

/** The class of the advisory locks on email addresses. */
const SIGNUP_LOCK = 4_772_604;

const GONE: readonly TenantStatus[] = ['deleted', 'deprovisioning', 'failed'];

/**
 * The tenant that an address signed up for; each address may have one. A tenant that failed or is being
 * deprovisioned admits no users, so its owner may sign up again, unless a job is bringing the tenant back.
 */
export function tenantOf(manager: EntityManager, email: string): Promise<Tenant | null> {
  return manager
    .createQueryBuilder(Tenant, 'tenant')
    .where({ adminEmail: email, source: 'signup' })
    .andWhere(
      // A single statement, because the job may end between two statements.
      new Brackets((is) =>
        is
          .where({ status: Not(In([...GONE])) })
          .orWhere(`tenant.status = 'deprovisioning' and ${HAS_JOB_THAT_LETS_IN}`, {
            live: LIVE_JOB_STATUSES,
          }),
      ),
    )
    .getOne();
}

/** For a tenant that admits no users: the tenant that its owner has since signed up for. */
export async function signedUpSince(manager: EntityManager, tenant: Tenant): Promise<Tenant | null> {
  if (!isLeft(tenant)) return null;
  const own = await tenantOf(manager, tenant.adminEmail);
  return own?.id === tenant.id ? null : own;
}

/** Like {@link signedUpSince}, but also keeps the result valid until the transaction ends. */
export async function lockSignedUpSince(manager: EntityManager, tenant: Tenant): Promise<Tenant | null> {
  if (isLeft(tenant)) await lockSignups(manager, tenant.adminEmail);
  return signedUpSince(manager, tenant);
}

/** Whether the tenant's owner may sign up again. */
function isLeft({ source, status }: Tenant): boolean {
  return source === 'signup' && GONE.includes(status);
}

/**
 * Serialises all operations that may give an email address a tenant: the
 * use of a sign-up link, and the return of a failed or removed tenant.
 */
export async function lockSignups(manager: EntityManager, email: string): Promise<void> {
  // Locking rows is not enough, because old sign-ups may be deleted and new ones added.
  await takeLocks(manager, { lockClass: SIGNUP_LOCK, ids: [email] });
  // Creating a sign-up email locks one of these rows.
  const all = manager.createQueryBuilder(Signup, 'signup').where({ email }).orderBy('signup.id');
  await lockedForUpdate(all).getMany();
}
