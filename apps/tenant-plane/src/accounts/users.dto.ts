import { ApiProperty, Checked, Optional, PageQuery, isPlainAddress } from '@atlas/platform';
import { IsBoolean, IsEmail, IsIn, IsString, Length } from 'class-validator';
import { USER_ROLES, type UserRole } from '../credentials/permissions';
import { USER_STATUSES, type UserStatus } from '../credentials/user-status';

export class ListUsersQuery extends PageQuery {
  @ApiProperty({ enum: USER_ROLES, required: false })
  @Optional()
  @IsIn(USER_ROLES)
  role?: UserRole;

  @ApiProperty({ enum: USER_STATUSES, required: false })
  @Optional()
  @IsIn(USER_STATUSES)
  status?: UserStatus;

  @ApiProperty({ format: 'email', required: false })
  @Optional()
  @IsEmail()
  email?: string;
}

export class InviteDto {
  @ApiProperty({ format: 'email' })
  @IsEmail()
  @Checked('mailbox', (value) =>
    isPlainAddress(value) ? null : 'must be an address that mail can be sent to',
  )
  email: string;

  @ApiProperty({ enum: USER_ROLES })
  @IsIn(USER_ROLES)
  role: UserRole;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;
}

export class UpdateUserDto {
  @ApiProperty({ enum: USER_ROLES, required: false })
  @Optional()
  @IsIn(USER_ROLES)
  role?: UserRole;

  @ApiProperty({ required: false })
  @Optional()
  @IsString()
  @Length(1, 100)
  name?: string;

  @ApiProperty({
    required: false,
    description: 'A deactivated user is signed out everywhere and cannot sign in',
  })
  @Optional()
  @IsBoolean()
  deactivated?: boolean;
}
