import { type UserRole } from '@atlas/tenant-api/users';
import { type Permission } from './permission';

/** The user of a request, as proven by their session when the request arrived. */
export interface SignedInUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  readonly sessionId: string;
  /** The permission that the route requires. It is checked again when the request writes. */
  readonly requires?: Permission;
}
