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

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'])('hears %s', (event) => {
    self.emit(event);
    expect(wishes.first).toHaveBeenCalledTimes(1);
  });

  it('takes the signal that npm repeats for the same wish', () => {
    self.emit('SIGINT');
    jest.advanceTimersByTime(20);
    self.emit('SIGINT');
    expect(wishes.again).not.toHaveBeenCalled();
  });

  it('hears that a person has lost patience', () => {
    self.emit('SIGINT');
    jest.advanceTimersByTime(1500);
    self.emit('SIGINT');
    expect(wishes.first).toHaveBeenCalledTimes(1);
    expect(wishes.again).toHaveBeenCalledTimes(1);
  });

  it('does not take the end of its starter for impatience', () => {
    self.emit('SIGTERM');
    jest.advanceTimersByTime(1500);
    self.emit('disconnect');
    expect(wishes.again).not.toHaveBeenCalled();
  });
});
