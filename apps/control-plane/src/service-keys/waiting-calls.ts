import { DomainError, OngoingAnswers } from '@atlas/platform';
import { type ServiceCall } from '@atlas/service-auth';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { ServiceKeys } from './service-keys';

/**
 * The maximum number of long polls per tenant plane and process. A plane uses
 * one for its desired state and one for each tenant that is moving to it.
 */
export const MAX_LONG_POLLS = 500;

/** Keeps track of calls that wait for an event before they get a response. */
@Injectable()
export class WaitingCalls implements BeforeApplicationShutdown {
  private readonly waiting = new Set<AbortController>();
  /** How many long polls each tenant plane has open. */
  private readonly polls = new Map<string, number>();
  private isEnding = false;

  constructor(
    private readonly answers: OngoingAnswers,
    private readonly keys: ServiceKeys,
  ) {}

  /**
   * A signal that aborts when the caller disconnects or has received its
   * response, when the caller's key is revoked, or when the process shuts down.
   */
  endOf(reply: FastifyReply, { keyId }: Pick<ServiceCall, 'keyId'>): AbortSignal {
    const end = new AbortController();
    this.waiting.add(end);
    whenClosed(reply, () => {
      this.waiting.delete(end);
      end.abort();
    });
    if (this.isEnding) end.abort();
    const isStanding = (): Promise<boolean> => this.keys.isAccepted(keyId);
    return this.answers.whileAdmitted(end.signal, { credential: keyId, isStanding });
  }

  /** Like {@link endOf}, for a call that waits for a change. Throws `too_many_long_polls`. */
  endOfPoll(reply: FastifyReply, call: Pick<ServiceCall, 'keyId'>, tenantPlaneId: string): AbortSignal {
    const open = this.polls.get(tenantPlaneId) ?? 0;
    if (open >= MAX_LONG_POLLS) throw tooManyLongPolls();
    this.polls.set(tenantPlaneId, open + 1);
    whenClosed(reply, () => this.endPoll(tenantPlaneId));
    return this.endOf(reply, call);
  }

  /** Aborts all waiting calls, so that the process can exit. */
  beforeApplicationShutdown(): void {
    this.isEnding = true;
    for (const end of this.waiting) end.abort();
  }

  private endPoll(tenantPlaneId: string): void {
    const open = (this.polls.get(tenantPlaneId) ?? 0) - 1;
    if (open > 0) this.polls.set(tenantPlaneId, open);
    else this.polls.delete(tenantPlaneId);
  }
}

/** Calls `close` once the connection is closed, or immediately if the caller has already disconnected. */
function whenClosed({ raw }: FastifyReply, close: () => void): void {
  if (raw.destroyed) close();
  else raw.once('close', close);
}

function tooManyLongPolls(): DomainError {
  const detail =
    `This tenant plane has ${MAX_LONG_POLLS} open long polls, which is the maximum. Wait for some to ` +
    'finish, then call again.';
  return new DomainError('too_many_long_polls', 'too_many', detail, {}, { 'retry-after': '5' });
}
