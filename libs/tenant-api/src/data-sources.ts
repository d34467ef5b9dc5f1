import { Optional, type Page, PageQuery } from '@atlas/platform';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';

/** Where alerts come from. */
export interface DataSourcesApi {
  /** Add a data source */
  'POST /api/data-sources': { body: CreateDataSourceDto; 201: DataSourceWithKeyView };
  /** List data sources */
  'GET /api/data-sources': { query: PageQuery; 200: Page<DataSourceView> };
  /** Show a data source */
  'GET /api/data-sources/:id': { 200: DataSourceView };
  /** Change a data source */
  'PATCH /api/data-sources/:id': { body: UpdateDataSourceDto; 200: DataSourceView };
  /** Delete a data source; its alerts stay, and its key is refused from now on */
  'DELETE /api/data-sources/:id': { 204: undefined };
  /** Replace the key of a data source */
  'POST /api/data-sources/:id/rotate-key': { body: RotateKeyDto; 200: DataSourceWithKeyView };
}

export const DATA_SOURCE_KINDS = ['alertmanager', 'generic'] as const;
export type DataSourceKind = (typeof DATA_SOURCE_KINDS)[number];

export interface DataSourceView {
  readonly id: string;
  readonly name: string;
  readonly kind: DataSourceKind;
  /** Where to send alerts. `{key}` stands for the key, unless this response contains the key. */
  readonly ingest_url: string;
  /** Alerts with the same values of these labels belong to the same incident. */
  readonly group_by: readonly string[];
  /** How long after its resolution an incident is reopened if its group fires again, in minutes. */
  readonly window_minutes: number;
  /** Alerts are refused while this is false. */
  readonly enabled: boolean;
  readonly last_received_at: Date | null;
  readonly created_at: Date;
  /** Until when the key before the last rotation is accepted. Null if there is no such key. */
  readonly previous_key_until: Date | null;
}

export interface DataSourceWithKeyView extends DataSourceView {
  /** Shown only once. Null if this request was repeated with its `Idempotency-Key`. */
  readonly key: string | null;
}

const MAX_GROUP_LABELS = 10;
const A_DAY = 1440;

export class CreateDataSourceDto {
  /** @example Production Alertmanager */
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  @IsIn(DATA_SOURCE_KINDS)
  kind: DataSourceKind;

  /** @default ["alertname"] */
  @Optional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_GROUP_LABELS)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 200, { each: true })
  group_by?: string[];

  /** @default 30 */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(A_DAY)
  window_minutes?: number;
}

export class UpdateDataSourceDto {
  @Optional()
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'name must not be blank' })
  name?: string;

  @Optional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_GROUP_LABELS)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 200, { each: true })
  group_by?: string[];

  @Optional()
  @IsInt()
  @Min(0)
  @Max(A_DAY)
  window_minutes?: number;

  @Optional()
  @IsBoolean()
  enabled?: boolean;
}

export class RotateKeyDto {
  /** Whether the old key is refused at once. Otherwise it is accepted for another 24 hours. */
  @Optional()
  @IsBoolean()
  revoke_now?: boolean;
}
