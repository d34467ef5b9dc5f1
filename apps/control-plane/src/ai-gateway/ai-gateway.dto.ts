import { ALLOWED_BY_ADMIN_PARAMETER } from '@atlas/plane-contract';
import { ApiProperty, Optional } from '@atlas/platform';
import { IsIn } from 'class-validator';
import { SelfQuery } from '../fleet/self.query';

export class ChatCompletionQuery extends SelfQuery {
  @ApiProperty({
    required: false,
    enum: ['true', 'false'],
    description: "on_prem: whether the tenant's admin has allowed AI through the Control Plane",
  })
  @Optional()
  @IsIn(['true', 'false'])
  [ALLOWED_BY_ADMIN_PARAMETER]?: 'true' | 'false';
}
