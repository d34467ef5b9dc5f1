import { ApiProperty, Optional } from '@atlas/platform';
import { IsEmail, IsString, Length, Matches } from 'class-validator';
import { IsSlug } from '../tenants/is-slug';

export class SignupDto {
  @ApiProperty({ format: 'email', description: 'The address of the first admin, who receives a link' })
  @IsEmail()
  email: string;

  @ApiProperty({
    required: false,
    example: 'Acme Corp',
    description:
      "The tenant's name, which its slug is derived from. If left out, both come from the address's domain",
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
  @ApiProperty({ description: 'The token in the link' })
  @IsString()
  @Length(1, 200)
  token: string;

  @ApiProperty({ required: false, description: 'Replaces the requested slug if it is taken' })
  @Optional()
  @IsSlug()
  slug?: string;
}
