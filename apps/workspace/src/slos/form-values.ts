import { percentOf, ratioOf } from './numbers';
import { type NewSlo, type Slo, type SloChange } from './slo';

export interface Header {
  readonly name: string;
  readonly value: string;
  /** The plane has a value for it, and never shows it. */
  readonly isKept: boolean;
}

/** What the form of an objective holds. */
export interface SloValues {
  readonly name: string;
  readonly service: string;
  readonly item: string | null;
  readonly percent: string;
  readonly days: Slo['window_days'];
  readonly kind: 'events' | 'prometheus';
  readonly url: string;
  readonly goodQuery: string;
  readonly totalQuery: string;
  readonly headers: readonly Header[];
}

export const NEW_SLO: SloValues = {
  name: '',
  service: '',
  item: null,
  percent: '99.9',
  days: 30,
  kind: 'events',
  url: '',
  goodQuery: '',
  totalQuery: '',
  headers: [],
};

export function valuesOf({ name, service, ci_id, objective, window_days, indicator }: Slo): SloValues {
  const isPrometheus = indicator.kind === 'prometheus';
  return {
    name,
    service: service ?? '',
    item: ci_id,
    percent: percentOf(objective),
    days: window_days,
    kind: indicator.kind,
    url: isPrometheus ? indicator.url : '',
    goodQuery: isPrometheus ? indicator.good_query : '',
    totalQuery: isPrometheus ? indicator.total_query : '',
    headers: isPrometheus
      ? Object.keys(indicator.headers ?? {}).map((header) => ({ name: header, value: '', isKept: true }))
      : [],
  };
}

function indicatorOf({ kind, url, goodQuery, totalQuery, headers }: SloValues): NewSlo['indicator'] {
  if (kind === 'events') return { kind };
  const sent = headers.map(({ name, value, isKept }) => [name.trim(), isKept && value === '' ? null : value]);
  return {
    kind,
    url: url.trim(),
    good_query: goodQuery.trim(),
    total_query: totalQuery.trim(),
    headers: Object.fromEntries(sent) as Record<string, string | null>,
  };
}

export function newSloOf(values: SloValues): NewSlo {
  const { name, service, item, percent, days } = values;
  return {
    name: name.trim(),
    ...(service.trim() && { service: service.trim() }),
    ...(item !== null && { ci_id: item }),
    objective: ratioOf(percent),
    window_days: days,
    indicator: indicatorOf(values),
  };
}

/** Only what the user has changed. */
export function changeOf(before: SloValues, values: SloValues): SloChange {
  const { name, service, item, percent, days } = values;
  const indicator = indicatorOf(values);
  return {
    ...(name.trim() !== before.name && { name: name.trim() }),
    ...(service.trim() !== before.service && { service: service.trim() || null }),
    ...(item !== before.item && { ci_id: item }),
    ...(percent.trim() !== before.percent && { objective: ratioOf(percent) }),
    ...(days !== before.days && { window_days: days }),
    ...(JSON.stringify(indicator) !== JSON.stringify(indicatorOf(before)) && { indicator }),
  };
}
