import { type Signals } from './signals';
import { Wakes } from './wakes';

/** Signals for one topic, sent by the test. */
class GivenSignals {
  readonly listeners = new Set<() => void>();
  subscribe(_topic: string, listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  give(): void {
    for (const listener of this.listeners) listener();
  }
}

describe('a wait for signals', () => {
  let signals: GivenSignals;
  let end: AbortController;
  let wakes: Wakes;
  beforeEach(() => {
    jest.useFakeTimers();
    signals = new GivenSignals();
    end = new AbortController();
    wakes = new Wakes(signals as unknown as Signals, 'topic', 5, end.signal);
  });
  afterEach(() => {
    wakes.stop();
    jest.useRealTimers();
  });

  it('ends when a signal arrives', async () => {
    const next = wakes.next();
    signals.give();
    expect(await next).toBe(true);
  });

  it('ends at once if a signal has already arrived', async () => {
    signals.give();
    expect(await wakes.next()).toBe(true);
  });

  it('treats several earlier signals as one', async () => {
    signals.give();
    signals.give();
    expect(await wakes.next()).toBe(true);
    const next = wakes.next();
    jest.advanceTimersByTime(5000);
    expect(await next).toBe(false);
  });

  it('ends when the time is up, and ignores later signals', async () => {
    const next = wakes.next();
    jest.advanceTimersByTime(4999);
    signals.give();
    expect(await next).toBe(true);
    jest.advanceTimersByTime(1);
    expect(await wakes.next()).toBe(false);
    signals.give();
    expect(await wakes.next()).toBe(false);
  });

  it('ends when it is aborted', async () => {
    const next = wakes.next();
    end.abort();
    expect(await next).toBe(false);
  });

  it('leaves neither a listener nor a timer behind', () => {
    wakes.stop();
    expect(signals.listeners.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});
