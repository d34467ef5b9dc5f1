import { entitlementsOf } from '@atlas/tenancy';
import { type Tenant } from '../../registry/tenant.entity';

/** The tokens that one credit pays for. */
export const TOKENS_PER_CREDIT = 1000;

/** How many credits a tenant may use per month. */
export function creditsOf({ plan }: Pick<Tenant, 'plan'>): number {
  return entitlementsOf(plan, null).limits.ai_credits_per_month;
}
