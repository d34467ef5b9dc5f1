import { OngoingAnswers } from './ongoing-answers';

describe('a long-lived response', () => {
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

  it('is closed within 5 s after its caller loses access, while other responses stay open', async () => {
    let isGood = true;
    const [theirs, other] = [admitted('a', async () => isGood), admitted('b')];
    await jest.advanceTimersByTimeAsync(60_000);
    isGood = false;
    await jest.advanceTimersByTimeAsync(5000);
    expect([theirs.signal.aborted, other.signal.aborted]).toEqual([true, false]);
  });

  it("is closed when its caller disconnects, and the caller's access is no longer checked", async () => {
    const gone = new AbortController();
    gone.abort();
    const late = answers.whileAdmitted(gone.signal, { credential: 'late', isStanding: async () => true });
    const { caller, signal } = admitted('a');
    caller.abort();
    await jest.advanceTimersByTimeAsync(5000);
    expect([signal.aborted, late.aborted, asked]).toEqual([true, true, []]);
  });

  it('shares one access check with all other responses to the same credential', async () => {
    for (const credential of ['a', 'a', 'b']) admitted(credential);
    await jest.advanceTimersByTimeAsync(2000);
    expect(asked).toEqual(['a', 'b']);
  });

  it.each<[string, () => Promise<boolean>]>([
    ['fails', () => Promise.reject(new Error('The database is unavailable'))],
    ['never completes', () => new Promise(() => undefined)],
  ])('is closed within 5 s if the access check %s', async (_, answer) => {
    const { signal } = admitted('a', answer);
    await jest.advanceTimersByTimeAsync(5000);
    expect(signal.aborted).toBe(true);
  });
});
