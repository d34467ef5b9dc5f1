import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

/** Calls that are answered once something has happened. */
@Injectable()
export class WaitingCalls implements BeforeApplicationShutdown {
  private readonly waiting = new Set<AbortController>();
  private isEnding = false;

  /** Aborted when the caller has gone or has its answer, and when the process ends. */
  endOf(reply: FastifyReply): AbortSignal {
    const end = new AbortController();
    this.waiting.add(end);
    reply.raw.once('close', () => {
      this.waiting.delete(end);
      end.abort();
    });
    if (this.isEnding) end.abort();
    return end.signal;
  }

  /** Lets those who wait go, so that the process can end. */
  beforeApplicationShutdown(): void {
    this.isEnding = true;
    for (const end of this.waiting) end.abort();
  }
}
