import { type TenantPlaneSchemas, bodyOf } from '@atlas/web';
import { infiniteQueryOptions } from '@tanstack/react-query';
import { api, every } from '../api';
import { type Alert } from './alert';

type Schemas = TenantPlaneSchemas['schemas'];
export type Silence = Schemas['SilenceView'];
export type NewSilence = Schemas['CreateSilenceDto'];
type SentMatcher = Schemas['MatcherDto'];

export const OPERATORS = ['=', '!=', '=~', '!~'] as const;
type Operator = (typeof OPERATORS)[number];
export const OPERATOR_LABELS: Readonly<Record<Operator, string>> = {
  '=': '= is',
  '!=': '!= is not',
  '=~': '=~ matches',
  '!~': '!~ no match',
};

export interface Matcher {
  readonly name: string;
  readonly operator: Operator;
  readonly value: string;
}

const REFRESH_MS = 15_000;

export const silencePages = infiniteQueryOptions({
  queryKey: ['silences', 'list'],
  queryFn: ({ pageParam: cursor }) =>
    bodyOf(api.GET('/api/silences', { params: { query: { limit: 50, cursor } } })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next_cursor ?? undefined,
  refetchInterval: every(REFRESH_MS),
});

function operatorOf({ is_equal: isEqual = true, is_regex: isRegex = false }: Partial<SentMatcher>): Operator {
  if (isRegex) return isEqual ? '=~' : '!~';
  return isEqual ? '=' : '!=';
}

export function sentMatcherOf({ name, operator, value }: Matcher): SentMatcher {
  return {
    name: name.trim(),
    value,
    is_regex: operator.includes('~'),
    is_equal: !operator.startsWith('!'),
  };
}

/** The matchers as Alertmanager writes them. */
export function matchersTextOf({ matchers }: Silence): string {
  return matchers
    .map((matcher) => `${matcher.name ?? ''}${operatorOf(matcher)}"${matcher.value ?? ''}"`)
    .join(' ');
}

/** Whether all matchers apply. Null if only the plane can tell, because it evaluates regular expressions. */
export function isSilencing(matchers: readonly Matcher[], { labels }: Alert): boolean | null {
  const results = matchers.map(({ name, operator, value }) => {
    if (operator.includes('~')) return null;
    return ((labels[name.trim()] ?? '') === value) === (operator === '=');
  });
  if (results.includes(false)) return false;
  return results.includes(null) ? null : true;
}
