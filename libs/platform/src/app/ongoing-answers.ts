import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';

/** Two turns fit into the 5 s within which a revocation ends what it covers, in whichever process that goes on. */
const LOOK_MS = 2000;

export interface Admission {
  /** The credential that the caller came with: one question is asked for all answers that it was given. */
  readonly credential: string;
  /** Whether the caller would be admitted now. */
  readonly isStanding: () => Promise<boolean>;
}

interface Ongoing extends Admission {
  readonly end: () => void;
}

/** Answers that go on for long, such as event streams. Who was admitted once is looked at again until they end. */
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

  /** Aborted with `ended`, or as soon as the caller is found not to be admitted any more. */
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

  /** Whoever cannot be looked at is let go, too: they may come again, and are asked who they are. */
  private async turn(): Promise<void> {
    if (this.isLooking) return this.letGo('the last look is not over yet');
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
    this.logger.warn(`Answers that go on are ended: their callers could not be looked at again (${reason})`);
    for (const { end } of this.ongoing) end();
  }
}
