import { type Heard, QuestionCost } from './question-cost';

/** 20 bytes, so 5 tokens, and 8 for the message. */
const REQUEST = { messages: [{ role: 'user' as const, content: 'x'.repeat(20) }], max_tokens: 100 };
const ESTIMATED = 13;
const REASONING = 1000;

const text = (textBytes: number): Heard => ({ textBytes, usage: null });
const counted = (prompt: number, completion: number): Heard => ({
  textBytes: 0,
  usage: { prompt, completion },
});

describe(QuestionCost.name, () => {
  let cost: QuestionCost;
  beforeEach(() => (cost = new QuestionCost(REQUEST, REASONING)));
  const heard = (...parts: readonly Heard[]): void => {
    for (const part of parts) cost.heard(part);
  };

  it('is nothing until a provider is asked, and nothing if no provider can charge', () => {
    expect(cost.spent).toBeNull();
    cost.asked()();
    expect(cost.spent).toBeNull();
  });

  it('is what the provider says', () => {
    cost.asked();
    heard(text(9), counted(20, 4));
    expect(cost.spent).toEqual({ prompt: 20, completion: 4, isEstimated: false });
  });

  it('is estimated from the question, and from what arrived', () => {
    cost.asked();
    expect(cost.spent).toEqual({ prompt: ESTIMATED, completion: REASONING, isEstimated: true });
    heard(text(9));
    expect(cost.spent).toEqual({ prompt: ESTIMATED, completion: 3 + REASONING, isEstimated: true });
  });

  it('adds an estimate of what arrived after the provider counted', () => {
    cost.asked();
    heard({ ...counted(20, 1), isSign: true });
    expect(cost.spent).toEqual({ prompt: 20, completion: 1 + REASONING, isEstimated: true });
    heard(text(8));
    expect(cost.spent).toEqual({ prompt: 20, completion: 3 + REASONING, isEstimated: true });
    heard(counted(20, 4), text(8));
    expect(cost.spent).toEqual({ prompt: 20, completion: 6, isEstimated: true });
  });

  it('is that of the last attempt that a provider may charge for', () => {
    cost.asked();
    heard(text(40));
    cost.asked()();
    expect(cost.spent).toMatchObject({ completion: 10 + REASONING });
    cost.asked();
    heard(text(4));
    expect(cost.spent).toMatchObject({ completion: 1 + REASONING });
    heard(counted(20, 1));
    expect(cost.spent).toEqual({ prompt: 20, completion: 1, isEstimated: false });
  });
});
