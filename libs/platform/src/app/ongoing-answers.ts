import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';

/** A revocation must end what it covers within 5 s, in every process: two turns fit into that. */
const LOOK_MS = 2000;

export interface Admission {
  /** The caller's credential: one check covers all of its answers. */
  readonly credential: string;
  /** Whether the caller would be admitted now. */
  readonly isStanding: () => Promise<boolean>;
}

interface Ongoing extends Admission {
  readonly end: () => void;
}

/** Long-lived answers, such as event streams. Their callers' access is checked again until they end. */
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

  /** Aborted with `ended`, or as soon as the caller is found to have lost access. */
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

  /** Also disconnects callers that cannot be checked: they may reconnect, and are authenticated again. */
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
    this.logger.warn(`Ended long-lived answers because their callers could not be checked again (${reason})`);
    for (const { end } of this.ongoing) end();
  }
}
