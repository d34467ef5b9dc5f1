import { type ListedSignup, type SignupView } from '@atlas/operator-api';
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

function statusOf(tenant: Tenant | null): SignupView['status'] {
  if (tenant?.status === 'provisioning') return 'provisioning';
  return tenant !== null && STANDING.includes(tenant.status) ? 'active' : 'failed';
}
