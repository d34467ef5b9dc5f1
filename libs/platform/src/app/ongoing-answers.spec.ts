import { OngoingAnswers } from './ongoing-answers';

describe('an ongoing answer', () => {
  let answers: OngoingAnswers;
  let asked: string[];
  beforeEach(() => {
    jest.useFakeTimers();
    [answers, asked] = [new OngoingAnswers(), []];
    answers.onApplicationBootstrap();
  });
  afterEach(() => {
    answers.beforeApplicationShutdown();
    jest.useRealTimers();
  });

  const admitted = (credential: string, answer: () => Promise<boolean> = async () => true) => {
    const caller = new AbortController();
    const isStanding = (): Promise<boolean> => {
      asked.push(credential);
      return answer();
    };
    return { caller, signal: answers.whileAdmitted(caller.signal, { credential, isStanding }) };
  };

  it('ends within 5 s of its caller losing access, while others continue', async () => {
    let isGood = true;
    const [theirs, other] = [admitted('a', async () => isGood), admitted('b')];
    await jest.advanceTimersByTimeAsync(60_000);
    isGood = false;
    await jest.advanceTimersByTimeAsync(5000);
    expect([theirs.signal.aborted, other.signal.aborted]).toEqual([true, false]);
  });

  it('ends when its caller disconnects, whose access is no longer checked', async () => {
    const gone = new AbortController();
    gone.abort();
    const late = answers.whileAdmitted(gone.signal, { credential: 'late', isStanding: async () => true });
    const { caller, signal } = admitted('a');
    caller.abort();
    await jest.advanceTimersByTimeAsync(5000);
    expect([signal.aborted, late.aborted, asked]).toEqual([true, true, []]);
  });

  it('costs one check per credential', async () => {
    for (const credential of ['a', 'a', 'b']) admitted(credential);
    await jest.advanceTimersByTimeAsync(2000);
    expect(asked).toEqual(['a', 'b']);
  });

  it.each<[string, () => Promise<boolean>]>([
    ['fails', () => Promise.reject(new Error('The database is unavailable'))],
    ['never completes', () => new Promise(() => undefined)],
  ])('ends within 5 s when the check %s', async (_, answer) => {
    const { signal } = admitted('a', answer);
    await jest.advanceTimersByTimeAsync(5000);
    expect(signal.aborted).toBe(true);
  });
});
