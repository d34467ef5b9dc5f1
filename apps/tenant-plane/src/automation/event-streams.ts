import { DomainError } from '@atlas/platform';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';

const MOST_OF_ONE_USER = 10;

/** The event streams that are open in this process. They end when it shuts down. */
@Injectable()
export class EventStreams implements BeforeApplicationShutdown {
  private readonly open = new Map<string, number>();
  private readonly closing = new AbortController();

  beforeApplicationShutdown(): void {
    this.closing.abort();
  }

  /** Returns a signal that aborts when the stream must end. Throws `too_many_streams`. */
  begin(userId: string, gone: AbortSignal): AbortSignal {
    const count = this.open.get(userId) ?? 0;
    if (count === MOST_OF_ONE_USER) throw tooManyStreams();
    if (!gone.aborted) {
      this.open.set(userId, count + 1);
      gone.addEventListener('abort', () => this.end(userId), { once: true });
    }
    return AbortSignal.any([gone, this.closing.signal]);
  }

  private end(userId: string): void {
    const count = (this.open.get(userId) ?? 1) - 1;
    if (count === 0) this.open.delete(userId);
    else this.open.set(userId, count);
  }
}

function tooManyStreams(): DomainError {
  const detail = `You already have ${MOST_OF_ONE_USER} event streams open. Close one, or read the run instead.`;
  return new DomainError('too_many_streams', 'too_many', detail, {}, { 'retry-after': '5' });
}
