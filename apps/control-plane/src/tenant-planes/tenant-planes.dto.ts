import { ROTATION_MODES, type RotationMode } from '@atlas/deployment-profiles';
import { ApiProperty, Optional } from '@atlas/platform';
import { MAX_WAIT_SECONDS } from '@atlas/plane-contract';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsString, IsUUID, Length, Matches, Max, Min } from 'class-validator';
import { MAX_TOKEN_SECONDS } from './provisioning-tokens';
import { type SecretMode } from './tenant-plane.entity';

export class RegisterTenantPlaneDto {
  @ApiProperty({ example: 'eu-1' })
  @IsString()
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/, { message: 'name must be 1 to 63 of a-z 0-9 -' })
  name: string;

  @ApiProperty({ example: 'eu' })
  @IsString()
  @Length(1, 40)
  region: string;

  @ApiProperty({ description: 'How many tenants it may hold' })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  capacity: number;

  @ApiProperty({ required: false, enum: ['own', 'platform'], default: 'own' })
  @Optional()
  @IsIn(['own', 'platform'])
  secret: SecretMode = 'own';

  @ApiProperty({ required: false, description: 'Seconds that the provisioning token stays valid' })
  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
}

export class IssueTokenDto {
  @ApiProperty({ required: false, description: 'Seconds that the provisioning token stays valid' })
  @Optional()
  @IsInt()
  @Min(60)
  @Max(MAX_TOKEN_SECONDS)
  token_ttl_seconds?: number;
}

export class RotateSecretDto {
  @ApiProperty({
    enum: ROTATION_MODES,
    description: '`compromised` refuses the old secret at once and answers with a new install bundle',
  })
  @IsIn(ROTATION_MODES)
  mode: RotationMode;
}

/** Which plane calls, when the key does not say so (the platform secret). */
export class SelfQuery {
  @ApiProperty({ required: false, format: 'uuid' })
  @Optional()
  @IsUUID()
  tenant_plane_id?: string;
}

/** A long poll. */
class WaitingQuery extends SelfQuery {
  @ApiProperty({ required: false, description: 'Seconds to wait for what is asked for' })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MAX_WAIT_SECONDS)
  wait: number = 0;
}

export class DesiredStateQuery extends WaitingQuery {
  @ApiProperty({ required: false, description: 'The revision that the plane has' })
  @Optional()
  @IsString()
  @Length(1, 100)
  since?: string;
}

export class TransferPartQuery extends WaitingQuery {
  @ApiProperty({ required: false, description: 'The attempt that the plane has begun to import' })
  @Optional()
  @IsString()
  @Length(1, 100)
  attempt?: string;
}

const SWITCH = new Map([
  ['true', true],
  ['1', true],
  ['', true],
  ['false', false],
  ['0', false],
]);

export class DryRunQuery {
  @ApiProperty({ required: false })
  @Optional()
  // Whatever else it says is refused: nobody who asks for a rehearsal may get the real thing.
  @Transform(({ value }: { value: unknown }) => SWITCH.get(String(value)) ?? value)
  @IsBoolean()
  dry_run: boolean = false;
}
