import { DEPLOYMENT_MODELS } from '@atlas/deployment-profiles';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  IsUUID,
  IsUrl,
  Length,
  MaxLength,
  NotEquals,
  ValidateBy,
  ValidateNested,
  IsDefined,
  IsObject,
} from 'class-validator';

/** The rules for a tenant plane's own address. Each change of the address stays in the audit trail. */
export const ENDPOINT_URL = { require_tld: false, protocols: ['http', 'https'], require_protocol: true };

export const MAX_ENDPOINT_URL = 500;

/** The nil UUID of RFC 9562, which belongs to no installation. */
export const NO_INSTANCE = '00000000-0000-0000-0000-000000000000';

/**
 * Maximum number of characters as JSON. The key is stored, and is given to planes that send data to this
 * plane.
 */
const MAX_PUBLIC_KEY = 1000;

export class EnrolDatabase {
  @IsIn(['postgres', 'sqlite'])
  driver: 'postgres' | 'sqlite';
}

/** What a tenant plane sends to enrol. */
export class EnrolRequest {
  /** The provisioning token: `atp_<id>_<secret><check>`. */
  @IsString()
  @Length(1, 200)
  token: string;

  /** Generated once, kept in the tenant plane's database and shared by its replicas. */
  @IsUUID()
  @NotEquals(NO_INSTANCE)
  instance_id: string;

  /** @example 0.1.0 */
  @IsString()
  @Length(1, 40)
  version: string;

  @IsOptional()
  @IsUrl(ENDPOINT_URL)
  @MaxLength(MAX_ENDPOINT_URL)
  endpoint_url?: string;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => EnrolDatabase)
  database: EnrolDatabase;

  @IsArray()
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @MaxLength(60, { each: true })
  capabilities: string[];

  /** Public JWK of the plane (X25519); data sent to the plane is encrypted to this key. */
  @IsObject()
  @ValidateBy({
    name: 'publicKey',
    validator: {
      validate: (value) => JSON.stringify(value ?? null).length <= MAX_PUBLIC_KEY,
      defaultMessage: () => `public_key must be at most ${MAX_PUBLIC_KEY} characters of JSON`,
    },
  })
  public_key: unknown;

  @IsOptional()
  @IsIn(DEPLOYMENT_MODELS)
  deployment_model?: string;
}
