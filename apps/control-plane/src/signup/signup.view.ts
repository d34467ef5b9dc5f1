import { type ListedSignup, type SignupStatus, type SignupView } from '@atlas/operator-api';
import { type Tenant } from '../registry/tenant.entity';
import { type Signup } from '../tenants/signup.entity';

const STANDING: readonly Tenant['status'][] = ['active', 'suspended'];

export function signupView(
  { id, expiresAt, verifiedAt }: Signup,
  tenant: Tenant | null,
  now: Date,
): SignupView {
  const expires_at = expiresAt.toISOString();
  if (!verifiedAt)
    return { id, status: expiresAt <= now ? 'expired' : 'unverified', slug: null, url: null, expires_at };
  return { id, status: statusOf(tenant), slug: tenant?.slug ?? null, url: tenant?.url ?? null, expires_at };
}

export function listedSignup(signup: Signup, tenant: Tenant | null, now: Date): ListedSignup {
  return {
    id: signup.id,
    status: signupView(signup, tenant, now).status,
    email: signup.email,
    organisation: signup.organisation,
    tenant: tenant && { id: tenant.id, slug: tenant.slug },
    created_at: signup.createdAt,
    expires_at: signup.expiresAt,
    verified_at: signup.verifiedAt,
  };
}

function statusOf(tenant: Tenant | null): SignupStatus {
  if (tenant?.status === 'provisioning') return 'provisioning';
  return tenant !== null && STANDING.includes(tenant.status) ? 'active' : 'failed';
}

const IS_STANDING = withTenantIn(STANDING);
const IS_PROVISIONING = withTenantIn(['provisioning']);

/** SQL for the row aliased `signup`: whether {@link listedSignup} gives this status at the time `:now`. */
export const SQL_OF_STATUS: { readonly [Status in SignupStatus]: string } = {
  unverified: 'signup.verifiedAt is null and signup.expiresAt > :now',
  expired: 'signup.verifiedAt is null and signup.expiresAt <= :now',
  provisioning: `signup.verifiedAt is not null and ${IS_PROVISIONING}`,
  active: `signup.verifiedAt is not null and ${IS_STANDING}`,
  failed: `signup.verifiedAt is not null and not ${IS_STANDING} and not ${IS_PROVISIONING}`,
};

function withTenantIn(statuses: readonly Tenant['status'][]): string {
  const list = statuses.map((status) => `'${status}'`).join(', ');
  return `exists (select 1 from tenants tenant
    where tenant.id = signup.tenantId and tenant.status in (${list}))`;
}
