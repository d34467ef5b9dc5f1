import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Mails } from '../mail/mails';
import { type Finding, HealthCheck, ok } from './health-check';

/** Some mail servers tell unknown senders to retry after ten minutes. */
const TOO_LONG_MS = 15 * 60_000;

/** Whether emails are being sent. Never `failing`, because people can work without a mail server. */
@Injectable()
export class QueueHealth extends HealthCheck {
  readonly name = 'queue';

  constructor(
    private readonly mails: Mails,
    private readonly clock: Clock,
  ) {
    super();
  }

  async find(): Promise<Finding> {
    if (!this.mails.isOn) return ok('Mail is off');
    const oldest = await this.mails.oldestWaiting();
    const waitedMs = oldest === null ? 0 : this.clock.now().getTime() - oldest.getTime();
    if (waitedMs <= TOO_LONG_MS) return ok();
    return {
      status: 'degraded',
      detail: `An email has been waiting for ${Math.floor(waitedMs / 60_000)} min`,
    };
  }
}
