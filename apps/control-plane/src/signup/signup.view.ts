import { type Tenant } from '../registry/tenant.entity';
import { type Signup } from '../tenants/signup.entity';

type SignupStatus = 'unverified' | 'expired' | 'provisioning' | 'active' | 'failed';

const STANDING: readonly Tenant['status'][] = ['active', 'suspended'];

/** What anyone who has the id may see. It never reveals the address. */
export interface SignupView {
  readonly id: string;
  readonly status: SignupStatus;
  /** Null until the address is verified. */
  readonly slug: string | null;
  readonly url: string | null;
  readonly expires_at: string;
}

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

function statusOf(tenant: Tenant | null): SignupStatus {
  if (tenant?.status === 'provisioning') return 'provisioning';
  return tenant !== null && STANDING.includes(tenant.status) ? 'active' : 'failed';
}
