import { ApiProperty, Optional } from '@atlas/platform';
import { IsEmail, IsString, Length, Matches } from 'class-validator';
import { IsSlug } from '../tenants/is-slug';

export class SignupDto {
  @ApiProperty({ format: 'email', description: 'Of the first admin. A link goes there.' })
  @IsEmail()
  email: string;

  @ApiProperty({
    required: false,
    example: 'Acme Corp',
    description:
      "The tenant's name, of which its slug is made. Left out, both come from the address's domain",
  })
  @Optional()
  @IsString()
  @Length(1, 100)
  @Matches(/\S/, { message: 'organisation must not be blank' })
  organisation?: string;

  @ApiProperty({ required: false, example: 'acme' })
  @Optional()
  @IsSlug()
  slug?: string;
}

export class VerifySignupDto {
  @ApiProperty({ description: 'The token of the link' })
  @IsString()
  @Length(1, 200)
  token: string;

  @ApiProperty({ required: false, description: 'Instead of the one asked for, when that is taken' })
  @Optional()
  @IsSlug()
  slug?: string;
}
