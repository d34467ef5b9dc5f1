import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';

/** A revocation must take effect within 5 s in every process. That leaves time for two checks. */
const LOOK_MS = 2000;

export interface Admission {
  /** All responses to the same credential share one check. */
  readonly credential: string;
  /** Whether the caller still has access. */
  readonly isStanding: () => Promise<boolean>;
}

interface Ongoing extends Admission {
  readonly end: () => void;
}

/** Keeps checking the access of callers while they receive long-lived responses, such as event streams. */
@Injectable()
export class OngoingAnswers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OngoingAnswers.name);
  private readonly ongoing = new Set<Ongoing>();
  private timer?: NodeJS.Timeout;
  private isLooking = false;

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.turn(), LOOK_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /**
   * Returns a signal that aborts when `ended` aborts, or once a check finds that the caller has lost access.
   */
  whileAdmitted(ended: AbortSignal, admission: Admission): AbortSignal {
    const over = new AbortController();
    const end = (): void => {
      this.ongoing.delete(one);
      over.abort();
    };
    const one = { ...admission, end };
    this.ongoing.add(one);
    if (ended.aborted) end();
    else ended.addEventListener('abort', end, { once: true });
    return over.signal;
  }

  async look(): Promise<void> {
    const asked = new Map<string, Promise<boolean>>();
    const looks = [...this.ongoing].map(async ({ credential, isStanding, end }) => {
      const answer = asked.get(credential) ?? isStanding();
      asked.set(credential, answer);
      if (!(await answer)) end();
    });
    await Promise.all(looks);
  }

  /**
   * Also disconnects callers whose access cannot be checked. If they reconnect, they are authenticated again.
   */
  private async turn(): Promise<void> {
    if (this.isLooking) return this.letGo('the previous check is still running');
    this.isLooking = true;
    try {
      await this.look();
    } catch (error) {
      this.letGo((error as Error).message);
    } finally {
      this.isLooking = false;
    }
  }

  private letGo(reason: string): void {
    if (this.ongoing.size === 0) return;
    this.logger.warn(`Closed all long-lived responses: their callers' access cannot be checked (${reason})`);
    for (const { end } of this.ongoing) end();
  }
}
