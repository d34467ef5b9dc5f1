import { type CitationView } from '@atlas/tenant-api/ai';
import { foundAnalysis } from './hypotheses';
import { Redaction } from './redaction';

const KNOWN: readonly CitationView[] = [
  { kind: 'timeline', id: 't' },
  { kind: 'alert', id: 'a' },
  { kind: 'ci', id: 'c' },
];
const GUESS = { title: 'Disk full', confidence: 0.5, reasoning: 'df says so', citations: [] as unknown };
const read = (answer: string, redaction = new Redaction({ userNames: [], hostNames: [] }, '')) =>
  foundAnalysis(answer, KNOWN, redaction);
const answerWith = (...hypotheses: unknown[]): string => JSON.stringify({ hypotheses });

describe('an analysis', () => {
  it.each([
    ['text and a block', `It is full.\n\n\`\`\`json\n${answerWith(GUESS)}\n\`\`\``, 'It is full.'],
    ['a block without a language', `It is full.\n\`\`\`\n${answerWith(GUESS)}\n\`\`\`\nBye.`, 'It is full.'],
    ['a block that is not closed', `It is full.\n\`\`\`json\n${answerWith(GUESS)}`, 'It is full.'],
    [
      'a block with a fence inside',
      `Full.\n\`\`\`json\n${answerWith({ ...GUESS, reasoning: '```' })}\n\`\`\``,
      'Full.',
    ],
    ['only JSON', answerWith(GUESS), 'Disk full (50 %)\ndf says so'],
  ])('is read from %s', (_, answer, analysis) => {
    const found = read(answer);
    expect(found.analysis).toBe(analysis);
    expect(found.hypotheses).toMatchObject([{ title: 'Disk full', confidence: 0.5, citations: [] }]);
  });

  it('names the most likely cause first', () => {
    const guesses = [0.2, 0.9, 0.5].map((confidence) => ({ ...GUESS, confidence }));
    expect(read(answerWith(...guesses)).hypotheses.map(({ confidence }) => confidence)).toEqual([
      0.9, 0.5, 0.2,
    ]);
  });

  it('cites only what it was told, each once', () => {
    const citations = [
      { kind: 'alert', id: 'a', note: 'x' },
      { kind: 'alert', id: 'a' },
      { kind: 'alert', id: 't' },
      { kind: 'ci', id: 'c' },
      { kind: 'timeline', id: 't' },
      { kind: 'timeline', id: 'of another incident' },
      { kind: 'user', id: 'a' },
      'a',
      null,
      { kind: { toString: 1, valueOf: 1 }, id: 'a' },
    ];
    const [found] = read(answerWith({ ...GUESS, citations })).hypotheses;
    expect(found?.citations).toEqual([
      { kind: 'alert', id: 'a' },
      { kind: 'ci', id: 'c' },
      { kind: 'timeline', id: 't' },
    ]);
  });

  it('has the originals in place of placeholders, whatever they contain', () => {
    const redaction = new Redaction({ userNames: ['Al "Ace" Roe'], hostNames: [] }, 'Al "Ace" Roe');
    expect(redaction.hide('Al "Ace" Roe')).toBe('<USER_1>');
    const found = read(
      `Ask <USER_1>.\n\`\`\`json\n${answerWith({ ...GUESS, title: '<USER_1>' })}\n\`\`\``,
      redaction,
    );
    expect([found.analysis, found.hypotheses[0]?.title]).toEqual(['Ask Al "Ace" Roe.', 'Al "Ace" Roe']);
  });

  it('has no characters that are invisible or change the order of others', () => {
    const odd = 'a\u202eb\u2066c\u200bd\ufefff\u{e0041}g\u0000h\u001b';
    const found = read(
      `${odd.replace('\0', '')}\n\`\`\`json\n${answerWith({ ...GUESS, title: odd, reasoning: odd })}\n\`\`\``,
    );
    expect(found).toMatchObject({
      analysis: 'abcdfgh',
      hypotheses: [{ title: 'abcdfgh', reasoning: 'abcdfgh' }],
    });
  });

  it('may name no cause', () => {
    expect(read(answerWith())).toEqual({ analysis: 'The AI names no cause.', hypotheses: [] });
  });

  it.each([
    ['no JSON', 'The disk is full: SECRET.'],
    ['broken JSON', '```json\n{"hypotheses": [SECRET\n```'],
    ['a list', '[{"title":"SECRET"}]'],
    ['null', 'null'],
    ['no hypotheses', '{"causes":"SECRET"}'],
    ['a hypothesis that is text', answerWith('SECRET')],
    ['no title', answerWith({ ...GUESS, title: undefined })],
    ['an invisible title', answerWith({ ...GUESS, title: '\u200b' })],
    ['a title that is too long', answerWith({ ...GUESS, title: 'SECRET'.repeat(100) })],
    ['a confidence that is text', answerWith({ ...GUESS, confidence: 'SECRET' })],
    ['a confidence of 85', answerWith({ ...GUESS, confidence: 85 })],
    ['citations that are no list', answerWith({ ...GUESS, citations: 'SECRET' })],
    ['too many hypotheses', answerWith(...Array.from({ length: 21 }, () => GUESS))],
    ['too much text', answerWith({ ...GUESS, other: 'SECRET'.repeat(11_000) })],
  ])('cannot be read from %s, and the error does not quote the answer', (_, answer) => {
    const error = problemOf(() => read(answer));
    expect(error).toMatchObject({ code: 'ai_answer_unreadable', kind: 'unavailable' });
    expect(error.message).toContain('Ask again');
    expect(error.message).not.toContain('SECRET');
  });
});

function problemOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was thrown.');
}
