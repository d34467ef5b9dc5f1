import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, eventually } from '@atlas/testing';
import { send } from '../signed-plane';
import { type Caller } from './calling-plane';

const AGAIN_MS = 20;

/**
 * Calls that continue while something else happens. Each caller makes one call after another, alternating
 * between the processes.
 */
export class SteadyCalls {
  count = 0;
  /** The responses to calls that were not accepted. */
  readonly refused: string[] = [];
  private turn = 0;
  private isOver = false;
  private readonly running: Promise<void>[];

  constructor(
    private readonly urls: readonly string[],
    callers: readonly Caller[],
  ) {
    this.running = callers.map((caller) => this.goOn(caller));
  }

  /** Waits until `count` calls have received a response. */
  async reach(count: number): Promise<void> {
    const options = { timeoutMs: 120_000, what: `${count} calls have received a response` };
    await eventually(() => this.count >= count, options);
  }

  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running);
  }

  private async goOn(caller: Caller): Promise<void> {
    while (!this.isOver) {
      const answer = await this.answerTo(caller);
      this.count += 1;
      if (answer.status >= 300) this.refused.push(`${answer.status} ${answer.body['code']}`);
      await caller.heard(answer);
    }
  }

  /**
   * If a process is restarting and does not respond, the call is signed again and sent to the next process.
   */
  private async answerTo(caller: Caller): Promise<Answer<Record<string, unknown>>> {
    for (;;) {
      const url = this.urls[(this.turn += 1) % this.urls.length] ?? '';
      const answer = await send(url, caller.next()).catch(() => undefined);
      if (answer) return answer;
      await delay(AGAIN_MS);
    }
  }
}
