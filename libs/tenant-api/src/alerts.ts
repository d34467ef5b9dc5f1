import { LowerCase, Optional, type Page, PageQuery, ToleratesUnknown } from '@atlas/platform';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  Equals,
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsString,
  IsUUID,
  Length,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { IsTime } from './is-time';
import { IsLabels } from './labels';

export interface AlertsApi {
  /** Receive alerts from Prometheus Alertmanager */
  'POST /api/ingest/alertmanager/:key': { body: AlertmanagerWebhookDto; 202: ReceiptView };
  /** Receive alerts from any other program */
  'POST /api/ingest/generic/:key': { body: GenericAlertsDto; 202: ReceiptView };
  /** List alerts, newest first */
  'GET /api/alerts': { query: ListAlertsQuery; 200: Page<AlertView> };
  /** Show an alert */
  'GET /api/alerts/:id': { 200: AlertView };
  /** Keep matching alerts from opening incidents for a while */
  'POST /api/silences': { body: CreateSilenceDto; 201: SilenceView };
  /** List silences, newest first */
  'GET /api/silences': { query: PageQuery; 200: Page<SilenceView> };
  /** Show a silence */
  'GET /api/silences/:id': { 200: SilenceView };
  /** End a silence now */
  'DELETE /api/silences/:id': { 204: undefined };
}

export const ALERT_STATUSES = ['firing', 'resolved'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

/** How many alerts one request may contain. */
export const MAX_ALERTS = 1000;

export interface AlertView {
  readonly id: string;
  readonly source_id: string;
  /** The name of the data source, even if it has been deleted. */
  readonly source_name: string;
  /** Identifies the alert within its source. */
  readonly fingerprint: string;
  readonly status: AlertStatus;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly starts_at: Date;
  /** Null while the alert is firing. */
  readonly ends_at: Date | null;
  readonly last_received_at: Date;
  /** How often it was received. */
  readonly count: number;
  /** Null if the alert has opened no incident, because it is silenced or was never received as firing. */
  readonly incident_id: string | null;
  /** The silence that keeps the alert from opening an incident. */
  readonly silence_id: string | null;
}

/** What became of the received alerts. The other four numbers add up to `received`. */
export interface ReceiptView {
  readonly received: number;
  /** Alerts that opened or reopened an incident. */
  readonly opened: number;
  /** Alerts that were known already, or that joined an incident. */
  readonly updated: number;
  readonly resolved: number;
  readonly silenced: number;
}

class AlertmanagerAlertDto {
  @IsString()
  @Length(1, 200)
  fingerprint: string;

  @IsIn(ALERT_STATUSES)
  status: AlertStatus;

  @IsLabels()
  labels: Record<string, string>;

  /** The first 64. Each is cut off after 4,000 characters, and all of them after 16,000. */
  @Optional()
  @IsObject()
  annotations?: Record<string, unknown>;

  @IsTime()
  startsAt: string;

  @Optional()
  @IsTime()
  endsAt?: string;
}

/**
 * The body of Alertmanager's webhook
 * (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
 */
@ToleratesUnknown()
export class AlertmanagerWebhookDto {
  @Equals('4')
  version: '4';

  @IsArray()
  @ArrayMaxSize(MAX_ALERTS)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => AlertmanagerAlertDto)
  alerts: AlertmanagerAlertDto[];
}

class GenericAlertDto {
  /** Identifies the alert within its source. Derived from the labels if missing. */
  @Optional()
  @IsString()
  @Length(1, 200)
  fingerprint?: string;

  @IsIn(ALERT_STATUSES)
  status: AlertStatus;

  /** @example {"alertname": "DiskFull", "severity": "critical", "ci": "web-1"} */
  @IsLabels()
  labels: Record<string, string>;

  @Optional()
  @IsLabels()
  annotations?: Record<string, string>;

  /** Defaults to now. */
  @Optional()
  @IsTime()
  starts_at?: string;

  @Optional()
  @IsTime()
  ends_at?: string;
}

export class GenericAlertsDto {
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ALERTS)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => GenericAlertDto)
  alerts: GenericAlertDto[];
}

export class ListAlertsQuery extends PageQuery {
  @Optional()
  @IsIn(ALERT_STATUSES)
  status?: AlertStatus;

  @Optional()
  @LowerCase()
  @IsUUID()
  source_id?: string;

  @Optional()
  @LowerCase()
  @IsUUID()
  incident_id?: string;
}

export const SILENCE_STATES = ['pending', 'active', 'expired'] as const;
export type SilenceState = (typeof SILENCE_STATES)[number];

export interface SilenceView {
  readonly id: string;
  /** A silence applies to alerts that match all of these. */
  readonly matchers: readonly Required<MatcherDto>[];
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly comment: string;
  readonly state: SilenceState;
  readonly created_by: string;
  readonly created_at: Date;
}

export class MatcherDto {
  /** The name of a label. A label that an alert lacks counts as empty. */
  @IsString()
  @Length(1, 200)
  name: string;

  @IsString()
  @MaxLength(1000)
  value: string;

  /**
   * Whether `value` is a regular expression (RE2) that the whole label must match. It may have up to 200
   * characters, and matches no label of more than 1,000.
   * @default false
   */
  @Optional()
  @IsBoolean()
  is_regex?: boolean;

  /**
   * False if alerts match whose label differs from `value`.
   * @default true
   */
  @Optional()
  @IsBoolean()
  is_equal?: boolean;
}

export class CreateSilenceDto {
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => MatcherDto)
  matchers: MatcherDto[];

  /** @example 2026-01-31T12:00:00Z */
  @IsTime()
  starts_at: string;

  @IsTime()
  ends_at: string;

  @IsString()
  @Length(1, 1000)
  @Matches(/\S/, { message: 'comment must not be blank' })
  comment: string;
}
