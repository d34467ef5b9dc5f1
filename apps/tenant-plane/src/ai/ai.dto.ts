import { ApiProperty } from '@atlas/platform';
import { IsBoolean } from 'class-validator';

export class ChangeAiSettingsDto {
  @ApiProperty({ description: 'Whether questions to an AI may go through the Control Plane' })
  @IsBoolean()
  allow_control_plane: boolean;
}
