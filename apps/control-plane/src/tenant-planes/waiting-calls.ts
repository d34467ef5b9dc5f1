import { OngoingAnswers } from '@atlas/platform';
import { type ServiceCall } from '@atlas/service-auth';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ServiceKeys } from './service-keys';

/** Calls that are answered once something has happened. */
@Injectable()
export class WaitingCalls implements BeforeApplicationShutdown {
  private readonly waiting = new Set<AbortController>();
  private isEnding = false;

  constructor(
    private readonly answers: OngoingAnswers,
    private readonly keys: ServiceKeys,
  ) {}

  /** Aborted when the caller has gone or has its answer, when its key was revoked, and when the process ends. */
  endOf(reply: FastifyReply, { keyId }: Pick<ServiceCall, 'keyId'>): AbortSignal {
    const end = new AbortController();
    this.waiting.add(end);
    reply.raw.once('close', () => {
      this.waiting.delete(end);
      end.abort();
    });
    if (this.isEnding) end.abort();
    const isStanding = (): Promise<boolean> => this.keys.isAccepted(keyId);
    return this.answers.whileAdmitted(end.signal, { credential: keyId, isStanding });
  }

  /** Lets those who wait go, so that the process can end. */
  beforeApplicationShutdown(): void {
    this.isEnding = true;
    for (const end of this.waiting) end.abort();
  }
}
