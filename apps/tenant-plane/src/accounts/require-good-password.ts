import { refuseGuessable } from '@atlas/platform';
import { type Tenant } from '../tenancy/tenant.entity';

/**
 * Throws `validation_failed` for a password that is common or consists only of the names of the tenant and
 * the user.
 */
export function requireGoodPassword(
  password: string,
  { slug, name }: Pick<Tenant, 'slug' | 'name'>,
  email: string,
  field?: string,
): void {
  const [localPart = ''] = email.split('@');
  refuseGuessable(password, [slug, name, localPart], field);
}
