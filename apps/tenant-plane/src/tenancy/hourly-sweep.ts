import { type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

const EVERY_MS = 3_600_000;

/** Housekeeping that runs every hour, one sweep after another. A shutdown waits for the sweep under way. */
export abstract class HourlySweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private sweeping: Promise<void> = Promise.resolve();
  private timer?: NodeJS.Timeout;
  /** A sweep ends early once this is set. */
  protected isClosing = false;

  /** Never rejects. */
  abstract sweep(): Promise<void>;

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => (this.sweeping = this.sweeping.then(() => this.sweep())), EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    clearInterval(this.timer);
    await this.sweeping;
  }
}
