import { MAX_WAIT_SECONDS } from '@atlas/plane-contract';
import { ApiProperty, Optional, NumberInText } from '@atlas/platform';
import { IsInt, Min, Max, IsString, Length } from 'class-validator';
import { SelfQuery } from '../fleet/self.query';

/** A long poll. */
class WaitingQuery extends SelfQuery {
  @ApiProperty({ required: false, description: 'Seconds to wait if there is nothing to answer yet' })
  @Optional()
  @NumberInText()
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
  @ApiProperty({
    description:
      'A name that the plane chooses for this import. An import that starts over has a new name, ' +
      'which sorts after the earlier ones',
  })
  @IsString()
  @Length(1, 100)
  importer: string;

  @ApiProperty({ required: false, description: 'The attempt that the plane has started to import' })
  @Optional()
  @IsString()
  @Length(1, 100)
  attempt?: string;
}

export class TransferProgressQuery extends WaitingQuery {
  @ApiProperty({ description: 'The number of imported parts to wait for' })
  @NumberInText()
  @IsInt()
  @Min(0)
  count: number;
}
