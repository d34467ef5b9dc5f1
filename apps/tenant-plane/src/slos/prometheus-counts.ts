import { type PrometheusIndicator, type SloIndicator } from '@atlas/tenant-api/slos';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { OutboundCalls } from '../egress/outbound-calls';
import { type OutboundRequest } from '../outbound/outbound-request';
import { SecretMask } from '../tenant-secrets/secret-mask';
import { type Counts } from './error-budget';
import { timeOf } from './minutes';
import { type SloHeaders } from './slo-credentials';

const PATH = '/api/v1/query';
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024;
/** A longer explanation from the server is cut. */
const LONGEST_DETAIL = 400;
/** How much more good events than events extrapolation may cause, as a share of the events. */
const EXTRAPOLATION = 1e-6;

/** The most events in a minute. Above it, numbers are not exact, and databases could not store sums. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Why Prometheus does not say how many events there were. */
export class UnknownCounts extends Error {
  constructor(
    readonly code: string,
    detail: string,
    /** Whether the answer for another minute may be different. */
    readonly concernsMinute = false,
  ) {
    super(detail);
  }
}

/** What is asked, and with which headers. */
export interface PrometheusSource {
  readonly indicator: PrometheusIndicator;
  readonly headers: SloHeaders;
}

interface Answer {
  readonly status?: unknown;
  readonly error?: unknown;
  readonly data?: { readonly resultType?: unknown; readonly result?: unknown };
}

/** Asks Prometheus servers for numbers of events. */
@Injectable()
export class PrometheusCounts {
  constructor(private readonly http: OutboundCalls) {}

  /**
   * Checks the address and the headers of an indicator before it is stored. Throws `address_not_allowed` and
   * `header_not_allowed`.
   */
  async requireAllowed(indicator: SloIndicator | undefined): Promise<void> {
    if (indicator?.kind !== 'prometheus') return;
    const names = Object.keys(indicator.headers ?? {}).map((name) => [name, ''] as const);
    await this.http.requireAllowed(indicator.url, Object.fromEntries(names));
  }

  /** The events in one minute. Throws {@link UnknownCounts}, which contains none of the headers. */
  async in(minute: number, source: PrometheusSource, signal: AbortSignal): Promise<Counts> {
    try {
      return await this.counted(minute, source, signal);
    } catch (error) {
      if (!(error instanceof UnknownCounts)) throw error;
      const mask = new SecretMask(Object.values(source.headers));
      // Cut off last, because a part of a header would not be recognised.
      const detail = storable(mask.over(error.message).slice(0, LONGEST_DETAIL));
      throw new UnknownCounts(error.code, detail, error.concernsMinute);
    }
  }

  private async counted(
    minute: number,
    { indicator, headers }: PrometheusSource,
    signal: AbortSignal,
  ): Promise<Counts> {
    const at = timeOf(minute + 1);
    const ask = async (name: 'good_query' | 'total_query'): Promise<number> => {
      const url = queryUrl(indicator.url, indicator[name], at);
      return valueIn(name, await this.ask(name, { url, headers }, signal));
    };
    const total = await ask('total_query');
    const good = await ask('good_query');
    if (good <= total) return { good, total };
    if (good <= total * (1 + EXTRAPOLATION)) return { good: total, total };
    const detail = `good_query returned ${good}, which is more than the ${total} of total_query.`;
    throw new UnknownCounts('indicator_good_above_total', detail, true);
  }

  private async ask(
    name: string,
    request: Pick<OutboundRequest, 'url' | 'headers'>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { status, body } = await this.http
      .fetch('prometheus_query', {
        ...request,
        method: 'GET',
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
        signal,
      })
      .catch((error: unknown) => {
        if (error instanceof DomainError) throw new UnknownCounts(error.code, error.message);
        throw error;
      });
    const answer = parsed(body);
    if (answer?.status === 'success') return answer;
    const reason = typeof answer?.error === 'string' ? `: ${answer.error}` : '.';
    throw new UnknownCounts(
      'indicator_refused',
      `The server answered ${name} with the status ${status}${reason}`,
    );
  }
}

/** Postgres stores neither NUL nor half of a character. */
function storable(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

function queryUrl(url: string, query: string, at: Date): string {
  const target = new URL(url);
  target.pathname = target.pathname.replace(/\/$/, '') + PATH;
  target.searchParams.set('query', query);
  target.searchParams.set('time', String(at.getTime() / 1000));
  return target.href;
}

function parsed(body: Buffer): Answer | null {
  try {
    return JSON.parse(body.toString('utf8')) as Answer | null;
  } catch {
    return null;
  }
}

/** The only number in an answer. */
function valueIn(name: string, { data }: Answer): number {
  const sample = sampleIn(name, data ?? {});
  const text: unknown = Array.isArray(sample) ? sample[1] : undefined;
  const value = typeof text === 'string' && text !== '' ? Number(text) : NaN;
  if (value >= 0 && value <= MOST) return value;
  const detail = `${name} returned ${shown(text)}, which is not a number of events.`;
  throw new UnknownCounts('indicator_not_a_number', detail, true);
}

/** What a server sent in place of a text. It may be anything that JSON can express. */
function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : `a value of the type ${typeof value}`;
}

function sampleIn(name: string, { resultType, result }: NonNullable<Answer['data']>): unknown {
  if (resultType === 'scalar') return result;
  if (resultType !== 'vector' || !Array.isArray(result)) {
    const detail = `${name} returned ${shown(resultType)}. Write a query that returns one number.`;
    throw new UnknownCounts('indicator_wrong_type', detail);
  }
  if (result.length > 1) {
    const detail = `${name} returned ${result.length} series. Combine them with sum().`;
    throw new UnknownCounts('indicator_several_series', detail, true);
  }
  if (result.length === 0) {
    const detail = `${name} returned nothing. If that means no events, add "or vector(0)" to the query.`;
    throw new UnknownCounts('indicator_no_data', detail, true);
  }
  return (result[0] as { readonly value?: unknown } | null)?.value;
}
