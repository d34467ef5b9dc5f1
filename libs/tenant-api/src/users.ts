import {
  BooleanInText,
  Checked,
  LowerCase,
  Optional,
  type Page,
  PageQuery,
  Repeated,
  isPlainAddress,
} from '@atlas/platform';
import { ArrayMaxSize, IsBoolean, IsEmail, IsIn, IsString, IsUUID, Length } from 'class-validator';

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
  /** List the names of users */
  'GET /api/people': { query: ListPeopleQuery; 200: Page<PersonView> };
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

/** A user as those see them who work with them. */
export interface PersonView {
  readonly id: string;
  /** Without a name, the first part of the email address. */
  readonly name: string;
  readonly role: UserRole;
  /** Whether the user has joined and is not deactivated. */
  readonly active: boolean;
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

/** The filters combine. */
export class ListPeopleQuery extends PageQuery {
  /** Only these users: up to 100 ids, each in a parameter of its own. */
  @Optional()
  @Repeated()
  @LowerCase()
  @ArrayMaxSize(100)
  @IsUUID(undefined, { each: true })
  ids?: string[];

  /** `true` lists only users to whom incidents may be assigned. */
  @Optional()
  @BooleanInText()
  @IsBoolean()
  assignable?: boolean;
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
