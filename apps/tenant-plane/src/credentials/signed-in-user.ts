import { type UserRole } from '@atlas/tenant-api';
import { type Permission } from './permissions';

/** The user of a request, as their session was proven when it came in. */
export interface SignedInUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  readonly sessionId: string;
  /** The permission that the route requires: whatever the call writes, requires it still. */
  readonly requires?: Permission;
}
