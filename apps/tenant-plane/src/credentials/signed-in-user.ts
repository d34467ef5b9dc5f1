import { type UserRole } from '@atlas/tenant-api/users';
import { type Permission } from './permission';

/** The user of a request, as their session proved when it came in. */
export interface SignedInUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  readonly sessionId: string;
  /** The permission that the route requires. What the call writes still requires it. */
  readonly requires?: Permission;
}
