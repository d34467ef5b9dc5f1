import { keepRunning } from './keep-running';

describe(keepRunning.name, () => {
  /** Simulates runs of these lengths, one after the other. Waits take no real time. */
  function keep(runsForMs: readonly number[], end = new AbortController(), endAt = Infinity) {
    let now = 0;
    let starts = 0;
    const waits: number[] = [];
    const running = (): { exited: Promise<string> } => {
      const ranForMs = runsForMs[starts++] ?? 0;
      // The clock advances when the exit is awaited.
      return {
        get exited() {
          now += ranForMs;
          return Promise.resolve('with exit code 1');
        },
      };
    };
    const kept = keepRunning(running(), {
      start: () => Promise.resolve(running()),
      isWantedAgain: (how, waitMs) => {
        expect(how).toBe('with exit code 1');
        waits.push(waitMs);
        return starts < runsForMs.length;
      },
      signal: end.signal,
      timers: {
        now: () => now,
        wait: (ms) => {
          now += ms;
          if (waits.length === endAt) end.abort();
          return Promise.resolve();
        },
      },
    });
    return kept.then(() => ({ starts, waits }));
  }

  it('restarts a process each time it exits, with longer pauses while it keeps exiting early', async () => {
    await expect(keep([5, 5, 5, 5])).resolves.toEqual({ starts: 4, waits: [1000, 2000, 4000, 8000] });
  });

  it('resets the pause once the process has run for a minute', async () => {
    await expect(keep([5, 5, 70_000, 5])).resolves.toEqual({ starts: 4, waits: [1000, 2000, 1000, 2000] });
  });

  it('counts a failed start as an exit', async () => {
    const hows: string[] = [];
    await keepRunning(
      { exited: Promise.resolve('with exit code 1') },
      {
        start: () => Promise.reject(new Error('no space is left')),
        isWantedAgain: (how) => hows.push(how) < 3,
        signal: new AbortController().signal,
        timers: { now: () => 0, wait: () => Promise.resolve() },
      },
    );
    expect(hows).toEqual(['with exit code 1', ...Array(2).fill('while starting: no space is left')]);
  });

  it('never restarts the process while the stack is shutting down', async () => {
    const ending = new AbortController();
    await expect(keep([5, 5, 5], ending, 1)).resolves.toEqual({ starts: 1, waits: [1000] });
    await expect(keep([5, 5, 5], ending)).resolves.toEqual({ starts: 1, waits: [] });
  });
});
