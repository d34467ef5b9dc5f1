import { ROTATION_MODES, type RotationMode } from '@atlas/deployment-profiles';
import { ApiProperty } from '@atlas/platform';
import { IsIn } from 'class-validator';

export class RotateSecretDto {
  @ApiProperty({
    enum: ROTATION_MODES,
    description: '`compromised` refuses the old secret at once and answers with a new install bundle',
  })
  @IsIn(ROTATION_MODES)
  mode: RotationMode;
}
