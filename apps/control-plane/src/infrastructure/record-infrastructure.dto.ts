import { databaseTargetProblem } from '@atlas/persistence';
import { ApiProperty, Checked } from '@atlas/platform';
import { IsUrl, Length, IsString } from 'class-validator';

export class RecordInfrastructureDto {
  @ApiProperty({ example: 'https://acme.eu.atlas.example', description: "The tenant plane's own address" })
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true })
  @Length(1, 2000)
  endpoint_url: string;

  @ApiProperty({ description: 'Its database: a postgres:// URL or a SQLite file. Stored sealed.' })
  @IsString()
  @Length(1, 2000)
  @Checked('databaseUrl', databaseTargetProblem)
  db_url: string;
}
