import { Database } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { type OperatorCaller } from './caller';
import { callerAsOfNow } from './live-credentials';
import { type Scope } from './scopes';

/** Two turns fit into the 5 s within which a revocation ends what it covers, in whichever process that goes on. */
const LOOK_MS = 2000;

interface Watched {
  readonly caller: OperatorCaller;
  readonly scope: Scope;
  readonly end: AbortController;
}

/** Callers whose answer goes on: they were admitted once, so they are looked at again until it ends. */
@Injectable()
export class WatchedCallers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(WatchedCallers.name);
  private readonly watched = new Set<Watched>();
  private timer?: NodeJS.Timeout;
  private isLooking = false;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.turn(), LOOK_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Until `end` is aborted, which happens here once they may no longer have the answer. */
  watch(caller: OperatorCaller, scope: Scope, end: AbortController): void {
    if (end.signal.aborted) return;
    const one = { caller, scope, end };
    this.watched.add(one);
    end.signal.addEventListener('abort', () => this.watched.delete(one), { once: true });
  }

  /** One read for each session and API key. */
  async look(): Promise<void> {
    const now = this.clock.now();
    const asked = new Map<string, Promise<OperatorCaller | null>>();
    const ask = (caller: OperatorCaller): Promise<OperatorCaller | null> => {
      const id = caller.sessionId ?? caller.id;
      const answer = asked.get(id) ?? this.database.read((manager) => callerAsOfNow(manager, caller, now));
      asked.set(id, answer);
      return answer;
    };
    const looks = [...this.watched].map(async ({ caller, scope, end }) => {
      if (!(await ask(caller))?.scopes.includes(scope)) end.abort();
    });
    await Promise.all(looks);
  }

  /** Whoever cannot be looked at is let go, too: they may come again, and are asked who they are. */
  private async turn(): Promise<void> {
    if (this.isLooking) return this.letGo('the database has not answered yet');
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
    if (this.watched.size === 0) return;
    this.logger.warn(`Answers that go on are ended: callers could not be looked at again (${reason})`);
    for (const { end } of this.watched) end.abort();
  }
}
