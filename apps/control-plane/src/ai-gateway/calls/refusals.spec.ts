import { refusalOf } from './refusals';

const refusal = (status: number, error?: object, retryAfter: string | null = null): unknown[] => {
  const { error: problem, retry, isFault, retryAfterMs } = refusalOf({ status, retryAfter, body: { error } });
  return [problem.code, retry, isFault, ...(retryAfterMs === null ? [] : [retryAfterMs])];
};

describe(refusalOf.name, () => {
  it.each<[number, string, string, boolean]>([
    [204, 'ai_unavailable', 'elsewhere', true],
    [302, 'ai_unavailable', 'elsewhere', true],
    [400, 'ai_request_refused', 'never', false],
    [401, 'ai_unavailable', 'elsewhere', false],
    [402, 'ai_unavailable', 'elsewhere', false],
    [403, 'ai_unavailable', 'elsewhere', false],
    [404, 'ai_request_refused', 'elsewhere', false],
    [405, 'ai_unavailable', 'elsewhere', false],
    [408, 'ai_unavailable', 'again', true],
    [409, 'ai_unavailable', 'elsewhere', false],
    [413, 'ai_request_refused', 'elsewhere', false],
    [415, 'ai_unavailable', 'elsewhere', false],
    [418, 'ai_unavailable', 'elsewhere', false],
    [422, 'ai_request_refused', 'never', false],
    [429, 'ai_rate_limited', 'again', false],
    [499, 'ai_unavailable', 'elsewhere', false],
    [500, 'ai_unavailable', 'again', true],
    [529, 'ai_unavailable', 'again', true],
  ])('takes status %s for %s, to be asked %s, the fault of the provider: %s', (status, ...meant) => {
    expect(refusal(status)).toEqual(meant);
  });

  it.each<[string, number, string, string]>([
    ['invalid_api_key', 400, 'ai_unavailable', 'elsewhere'],
    ['insufficient_quota', 429, 'ai_unavailable', 'elsewhere'],
    ['billing_error', 400, 'ai_unavailable', 'elsewhere'],
    ['model_not_found', 400, 'ai_request_refused', 'elsewhere'],
    ['context_length_exceeded', 400, 'ai_request_refused', 'elsewhere'],
    ['content_filter', 400, 'ai_request_refused', 'never'],
    ['content_policy_violation', 403, 'ai_request_refused', 'never'],
    ['of its own', 400, 'ai_request_refused', 'never'],
  ])('believes the code %s more than status %s', (name, status, code, retry) => {
    expect(refusal(status, { code: name })).toEqual([code, retry, false]);
    expect(refusal(status, { code: null, type: name })).toEqual([code, retry, false]);
  });

  it('blames a provider that fails, whatever code it sends', () => {
    expect(refusal(500, { code: 'content_filter' })).toEqual(['ai_unavailable', 'again', true]);
  });

  it('understands whatever is sent instead of an error', () => {
    for (const body of [undefined, null, 'no', 7, [], {}, { error: null }, { error: 'no' }])
      expect(refusalOf({ status: 400, retryAfter: null, body }).error.code).toBe('ai_request_refused');
  });

  it('waits as long as the provider asks, if it may be asked again', () => {
    expect(refusal(429, {}, '17')).toEqual(['ai_rate_limited', 'again', false, 17_000]);
    expect(refusal(503, {}, '3')).toEqual(['ai_unavailable', 'again', true, 3000]);
    expect(refusal(401, {}, '17')).toEqual(['ai_unavailable', 'elsewhere', false]);
  });
});
