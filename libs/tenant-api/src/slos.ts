import { LowerCase, NumberInText, Optional, type Page, PageQuery } from '@atlas/platform';
import { Type, type TypeHelpOptions } from 'class-transformer';
import {
  Equals,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsTime } from './is-time';

/** Service level objectives. */
export interface SlosApi {
  /** Set an objective */
  'POST /api/slos': { body: CreateSloDto; 201: SloView };
  /** List the objectives */
  'GET /api/slos': { query: ListSlosQuery; 200: Page<SloView> };
  /** Import an objective from an OpenSLO v1 document */
  'POST /api/slos/import': { body: ImportSloDto; 201: SloView };
  /** Show an objective */
  'GET /api/slos/:id': { 200: SloView };
  /** Change an objective */
  'PATCH /api/slos/:id': { body: UpdateSloDto; 200: SloView };
  /** Delete an objective and its events */
  'DELETE /api/slos/:id': { 204: undefined };
  /** Count good and all events */
  'POST /api/slos/:id/events': { body: AddSloEventsDto; 202: SloEventsView };
  /** Show how much of the error budget is spent, and how fast */
  'GET /api/slos/:id/status': { 200: SloStatusView };
  /** Show the events and the error budget over time, for a chart */
  'GET /api/slos/:id/series': { query: SloSeriesQuery; 200: SloSeriesView };
  /** Export an objective as an OpenSLO v1 document */
  'GET /api/slos/:id/openslo': { 200: string };
}

export const SLO_WINDOWS = [7, 28, 30, 90] as const;
export type SloWindow = (typeof SLO_WINDOWS)[number];

export const LOWEST_OBJECTIVE = 0.5;
export const HIGHEST_OBJECTIVE = 0.99999;

/** How many events one request may count. */
export const MAX_EVENTS = 1_000_000_000;
export const MAX_SERIES_POINTS = 2000;

/** Where the numbers of good and all events come from. */
export type SloIndicator = EventsIndicator | PrometheusIndicator;

/** Requests to `POST /api/slos/:id/events` count the events. */
export interface EventsIndicator {
  readonly kind: 'events';
}

/**
 * Prometheus counts the events. Every minute, the plane sends both queries to `<url>/api/v1/query`, with the
 * end of the minute as `time`. Each query returns the number of events in the minute that ends then, as a
 * scalar or as a vector with exactly one element: `sum(increase(http_requests_total{code!~"5.."}[1m]))`.
 */
export interface PrometheusIndicator {
  readonly kind: 'prometheus';
  /** The address of the Prometheus server, without `/api/v1/query`. */
  readonly url: string;
  readonly good_query: string;
  readonly total_query: string;
  /** The names of the headers that are sent to the server. Their values are null, because they are secret. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

export interface SloView {
  readonly id: string;
  readonly name: string;
  readonly service: string | null;
  /** The configuration item that incidents of this objective affect. */
  readonly ci_id: string | null;
  /** The share of events that must be good. */
  readonly objective: number;
  /** The objective holds for the events of this many days until now. */
  readonly window_days: SloWindow;
  readonly indicator: SloIndicator;
  /** Why the events of the last minutes are not known yet. The indicator is asked again every minute. */
  readonly indicator_error: SloIndicatorErrorView | null;
  /** The incident that was opened because the budget is being spent too fast, as long as it is. */
  readonly incident_id: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** Only in lists with `include=status`. */
  readonly status?: SloStatusView;
}

export interface SloIndicatorErrorView {
  readonly code: string;
  readonly detail: string;
  readonly at: Date;
}

export interface SloEventsView {
  /** The minute in which the events are counted. */
  readonly at: Date;
  readonly good: number;
  readonly total: number;
}

export type SloState = 'ok' | 'burning' | 'exhausted' | 'no_data';

export interface SloStatusView {
  readonly objective: number;
  readonly good: number;
  readonly total: number;
  /** The share of events that were good. Null if there were none. */
  readonly attainment: number | null;
  readonly budget: ErrorBudgetView;
  readonly burn_rates: readonly BurnRateView[];
  /** `burning` if a burn rate fires, unless the budget is exhausted. */
  readonly state: SloState;
}

export interface ErrorBudgetView {
  /** How many events may be bad. */
  readonly total: number;
  /** How many were. */
  readonly spent: number;
  /** Negative if the budget is overspent. */
  readonly remaining_ratio: number;
}

export type BurnSeverity = 'page' | 'ticket';

/** A rate of 1 spends exactly the budget within the window of the objective. */
export interface BurnRateView {
  readonly severity: BurnSeverity;
  /** The windows over which the rates are measured, such as `1h` and `5m`. */
  readonly long: string;
  readonly short: string;
  /** It fires if both rates exceed this. */
  readonly factor: number;
  readonly long_rate: number;
  readonly short_rate: number;
  readonly firing: boolean;
}

export interface SloSeriesView {
  readonly from: Date;
  readonly to: Date;
  /** In seconds. */
  readonly step: number;
  readonly points: readonly SloPointView[];
}

export interface SloPointView {
  /** When the step begins. */
  readonly at: Date;
  readonly good: number;
  readonly total: number;
  readonly attainment: number | null;
  /**
   * What remained of the error budget at the end of the step, for the window that ended then. Null if that
   * window begins before the events that are kept.
   */
  readonly remaining_ratio: number | null;
}

class EventsIndicatorDto implements EventsIndicator {
  @Equals('events', { message: 'kind must be events or prometheus' })
  kind: 'events';
}

class PrometheusIndicatorDto implements PrometheusIndicator {
  @Equals('prometheus')
  kind: 'prometheus';

  /** @example https://prometheus.example.com */
  @Length(1, 1000)
  @IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false, disallow_auth: true })
  url: string;

  /** @example sum(increase(http_requests_total{code!~"5.."}[1m])) */
  @IsString()
  @Length(1, 4000)
  @Matches(/\S/, { message: 'good_query must not be blank' })
  good_query: string;

  /** @example sum(increase(http_requests_total[1m])) */
  @IsString()
  @Length(1, 4000)
  @Matches(/\S/, { message: 'total_query must not be blank' })
  total_query: string;

  /**
   * Sent to the server, for example `{"authorization": "Bearer …"}`. Stored encrypted, and never shown. Given
   * null, the stored value is kept. If `headers` is missing, all are kept.
   */
  @Optional()
  @IsObject()
  headers?: Record<string, string | null>;
}

/** Also chooses the class that refuses an unknown kind. */
function classOfIndicator(options?: TypeHelpOptions): new () => SloIndicator {
  const { indicator } = (options?.object ?? {}) as { readonly indicator?: { readonly kind?: unknown } };
  return indicator?.kind === 'prometheus' ? PrometheusIndicatorDto : EventsIndicatorDto;
}

export class CreateSloDto {
  /** @example Checkout succeeds */
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'name must not be blank' })
  name: string;

  /** @example checkout */
  @Optional()
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'service must not be blank' })
  service?: string;

  @Optional()
  @LowerCase()
  @IsUUID()
  ci_id?: string;

  /** @example 0.999 */
  @IsNumber()
  @Min(LOWEST_OBJECTIVE)
  @Max(HIGHEST_OBJECTIVE)
  objective: number;

  @IsIn(SLO_WINDOWS)
  window_days: SloWindow;

  @IsObject()
  @ValidateNested()
  @Type(classOfIndicator)
  indicator: EventsIndicatorDto | PrometheusIndicatorDto;
}

export class UpdateSloDto {
  @Optional()
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'name must not be blank' })
  name?: string;

  /** null removes the service. */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'service must not be blank' })
  service?: string | null;

  /** null removes the configuration item. */
  @IsOptional()
  @LowerCase()
  @IsUUID()
  ci_id?: string | null;

  @Optional()
  @IsNumber()
  @Min(LOWEST_OBJECTIVE)
  @Max(HIGHEST_OBJECTIVE)
  objective?: number;

  @Optional()
  @IsIn(SLO_WINDOWS)
  window_days?: SloWindow;

  /** Of the same kind as before. */
  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(classOfIndicator)
  indicator?: EventsIndicatorDto | PrometheusIndicatorDto;
}

/** The filters combine. */
export class ListSlosQuery extends PageQuery {
  @Optional()
  @IsString()
  @Length(1, 200)
  service?: string;

  @Optional()
  @LowerCase()
  @IsUUID()
  ci_id?: string;

  /** `status` adds the present status to each objective. Then a page has at most 10. */
  @Optional()
  @IsIn(['status'])
  include?: 'status';
}

export class AddSloEventsDto {
  /** Not more than `total`. */
  @IsInt()
  @Min(0)
  @Max(MAX_EVENTS)
  good: number;

  @IsInt()
  @Min(0)
  @Max(MAX_EVENTS)
  total: number;

  /** When the events happened: within the window of the objective, and not in the future. Defaults to now. */
  @Optional()
  @IsTime()
  at?: string;
}

export class SloSeriesQuery {
  /** Defaults to the beginning of the window that ends at `to`. */
  @Optional()
  @IsTime()
  from?: string;

  /** Defaults to now. */
  @Optional()
  @IsTime()
  to?: string;

  /** In seconds: whole minutes. The series may have up to 2,000 steps. Defaults to about 200 steps. */
  @Optional()
  @NumberInText()
  @IsInt()
  @Min(60)
  @Max(7_776_000)
  step?: number;
}

/** Send the document itself as `application/yaml`, or as text in this JSON body. */
export class ImportSloDto {
  @IsString()
  @Length(1, 65_536)
  document: string;
}
