import { AssembledAnswer } from './assembled-answer';
import { type Completion } from './openai-format';
import { ProviderFailure } from './provider-failure';

const FRAME = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' };

describe(AssembledAnswer.name, () => {
  const assembled = (...chunks: object[]): unknown => {
    const answer = new AssembledAnswer();
    for (const chunk of chunks) answer.add({ choices: [], ...FRAME, ...chunk } as Completion);
    return JSON.parse(answer.toString());
  };
  /** Chunks of a single choice. */
  const messageOf = (...deltas: object[]): unknown => {
    const chunks = deltas.map((delta) => ({ choices: [{ index: 0, delta }] }));
    return (assembled(...chunks) as { choices: { message: unknown }[] }).choices[0]?.message;
  };

  it('is a completion with the text, the finish reason, the usage, and all other members', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    expect(
      assembled(
        {
          choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
          usage: null,
        },
        { choices: [{ index: 0, delta: { content: 'The ' }, finish_reason: null }], service_tier: 'default' },
        { choices: [{ index: 0, delta: { content: 'disk.' } }] },
        { choices: [{ index: 0, delta: {}, finish_reason: 'stop', stop_reason: 7 }] },
        { system_fingerprint: 'fp_1', usage },
        { choices: [{ index: 0, delta: null, finish_reason: null }], usage: null },
      ),
    ).toEqual({
      ...FRAME,
      object: 'chat.completion',
      service_tier: 'default',
      system_fingerprint: 'fp_1',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'The disk.' },
          finish_reason: 'stop',
          stop_reason: 7,
        },
      ],
      usage,
    });
  });

  it('keeps several choices apart, in their order', () => {
    const choices = [1, 0, 1].map((index) => ({ index, delta: { content: `${index}` } }));
    expect(assembled({ choices })).toMatchObject({
      choices: [
        { index: 0, message: { content: '0' } },
        { index: 1, message: { content: '11' } },
      ],
    });
  });

  it('keeps refusals and thoughts', () => {
    const deltas = [
      { reasoning_content: 'Hm' },
      { reasoning_content: 'm.', refusal: 'I ' },
      { refusal: "won't." },
    ];
    expect(messageOf(...deltas)).toEqual({
      role: 'assistant',
      content: null,
      reasoning_content: 'Hmm.',
      refusal: "I won't.",
    });
  });

  it('joins the pieces of tool calls by their index', () => {
    const call = (index: number, rest: object): object => ({ tool_calls: [{ index, ...rest }] });
    const named = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '' } };
    expect(
      messageOf(
        call(0, named),
        call(0, { function: { arguments: '{"a"' } }),
        call(1, { ...named, id: 'call_2' }),
        call(0, { id: 'call_1', function: { arguments: ':1}' } }),
      ),
    ).toMatchObject({
      tool_calls: [
        { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"a":1}' } },
        { index: 1, id: 'call_2', function: { name: 'look', arguments: '' } },
      ],
    });
  });

  it('appends the probabilities of tokens', () => {
    const choices = (token: string): object => ({
      choices: [{ index: 0, delta: { content: token }, logprobs: { content: [{ token }], refusal: null } }],
    });
    expect(assembled(choices('a'), choices('b'))).toMatchObject({
      choices: [{ logprobs: { content: [{ token: 'a' }, { token: 'b' }], refusal: null } }],
    });
  });

  it('does not change other objects, whatever the members are called', () => {
    const delta = JSON.parse(
      '{"__proto__":{"isHarmful":true},"constructor":{"prototype":{"isHarmful":true}}}',
    );
    messageOf(delta, delta);
    expect(Object.hasOwn(Object.prototype, 'isHarmful')).toBe(false);
  });

  it('must not be empty, or longer than any answer', () => {
    expect(() => assembled()).toThrow(ProviderFailure);
    const half = { content: 'x'.repeat(1_100_000) };
    expect(() => messageOf(half, half)).toThrow(/too long/);
  });
});
