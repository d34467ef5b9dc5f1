import { Checked, Optional, type Page, PageQuery, isPlainAddress } from '@atlas/platform';
import { IsBoolean, IsEmail, IsIn, IsString, Length } from 'class-validator';

export const USER_ROLES = ['admin', 'operator', 'fulfiller', 'requester'] as const;
export type UserRole = (typeof USER_ROLES)[number];

export const USER_STATUSES = ['invited', 'active', 'deactivated'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

export interface UsersApi {
  /** List users */
  'GET /api/users': { query: ListUsersQuery; 200: Page<UserDetails> };
  /** Show a user */
  'GET /api/users/:id': { 200: UserDetails };
  /** Change a user's name or role, or deactivate them */
  'PATCH /api/users/:id': { body: UpdateUserDto; 200: UserDetails };
}

/** A user as admins see them. */
export interface UserDetails {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  readonly status: UserStatus;
  readonly created_at: Date;
}

export class ListUsersQuery extends PageQuery {
  @Optional()
  @IsIn(USER_ROLES)
  role?: UserRole;

  @Optional()
  @IsIn(USER_STATUSES)
  status?: UserStatus;

  @Optional()
  @IsEmail()
  email?: string;
}

export class InviteDto {
  @IsEmail()
  @Checked('mailbox', (value) =>
    isPlainAddress(value) ? null : 'must be an address that email can be sent to',
  )
  email: string;

  @IsIn(USER_ROLES)
  role: UserRole;

  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;
}

export class UpdateUserDto {
  @Optional()
  @IsIn(USER_ROLES)
  role?: UserRole;

  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;

  /** A deactivated user is signed out everywhere and cannot sign in. */
  @Optional()
  @IsBoolean()
  deactivated?: boolean;
}
