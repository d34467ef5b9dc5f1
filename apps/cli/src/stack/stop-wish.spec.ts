import { EventEmitter } from 'node:events';
import { onStopWish } from './stop-wish';

describe(onStopWish.name, () => {
  const wishes = { first: jest.fn(), again: jest.fn() };
  let self: EventEmitter;

  beforeEach(() => {
    jest.resetAllMocks();
    jest.useFakeTimers();
    self = new EventEmitter();
    onStopWish(wishes, self);
  });
  afterEach(() => jest.useRealTimers());

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'])('calls `first` on %s', (event) => {
    self.emit(event);
    expect(wishes.first).toHaveBeenCalledTimes(1);
  });

  it('ignores the signal that npm repeats', () => {
    self.emit('SIGINT');
    jest.advanceTimersByTime(20);
    self.emit('SIGINT');
    expect(wishes.again).not.toHaveBeenCalled();
  });

  it('calls `again` on a second Ctrl-C', () => {
    self.emit('SIGINT');
    jest.advanceTimersByTime(1500);
    self.emit('SIGINT');
    expect(wishes.first).toHaveBeenCalledTimes(1);
    expect(wishes.again).toHaveBeenCalledTimes(1);
  });

  it("does not treat the parent's exit as a second Ctrl-C", () => {
    self.emit('SIGTERM');
    jest.advanceTimersByTime(1500);
    self.emit('disconnect');
    expect(wishes.again).not.toHaveBeenCalled();
  });
});
