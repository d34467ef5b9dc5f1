import { entitlementsOf } from '@atlas/tenancy';
import { type Tenant } from '../../registry/tenant.entity';

/** The tokens that one credit pays for. */
export const TOKENS_PER_CREDIT = 1000;

/** How many credits a tenant may use per month. */
export function creditsOf({ plan, planOverrides }: Pick<Tenant, 'plan' | 'planOverrides'>): number {
  return entitlementsOf(plan, planOverrides).limits.ai_credits_per_month;
}
