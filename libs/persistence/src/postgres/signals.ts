import { EventEmitter } from 'node:events';
import { randomUUID } from 'node:crypto';
import { type Secret } from '@atlas/platform/secret';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { type Database } from '../database/database';
import { NOTICING_SILENCE } from '../connection/postgres-connection';

/**
 * Announces changes to this process at once, and to other processes within milliseconds. A signal is only a
 * hint and may be lost if a connection breaks, so listeners also poll.
 */
export abstract class Signals {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  constructor(protected readonly database: Database) {}

  abstract start(): Promise<void>;
  abstract stop(): Promise<void>;

  /** Sends a signal once the current transaction has committed. */
  publish(topic: string): void {
    this.database.afterCommit(() => {
      this.deliver(topic);
      this.broadcast(topic);
    });
  }

  /** Calls `listener` on each signal of `topic`; returns a function that unsubscribes. */
  subscribe(topic: string, listener: () => void): () => void {
    this.emitter.on(topic, listener);
    return () => this.emitter.off(topic, listener);
  }

  /** Wakes this process's own listeners. */
  deliver(topic: string): void {
    this.emitter.emit(topic);
  }

  hasListeners(topic: string): boolean {
    return this.emitter.listenerCount(topic) > 0;
  }

  protected abstract broadcast(topic: string): void;
}

/** For a single process: every listener is local. */
export class InProcessSignals extends Signals {
  async start(): Promise<void> {
    // Nothing to connect.
  }
  async stop(): Promise<void> {
    // Nothing to close.
  }
  protected broadcast(): void {
    // There is no other process to notify.
  }
}

const CHANNEL = 'atlas_signals';
const MAX_BATCH = 100;
const RECONNECT_MS = 1000;
const LISTEN_MS = 5000;

/**
 * Uses LISTEN/NOTIFY. Sends after the commit, never in the transaction: a transaction that notifies takes a
 * global lock while it commits, so all such commits would wait for each other. Topics published while a
 * NOTIFY is in flight are sent with the next one.
 */
export class PostgresSignals extends Signals {
  private readonly origin = randomUUID();
  private readonly logger = new Logger(PostgresSignals.name);
  private pending = new Set<string>();
  private isSending = false;
  private isStopped = false;
  private client?: Client;
  private retry?: NodeJS.Timeout;

  constructor(
    database: Database,
    private readonly url: Secret,
  ) {
    super(database);
  }

  async start(): Promise<void> {
    const client = new Client({
      connectionString: this.url.reveal(),
      application_name: 'atlas-signals',
      ...NOTICING_SILENCE,
      query_timeout: LISTEN_MS,
    });
    client.on('error', () => this.reconnect(client));
    client.on('end', () => this.reconnect(client));
    client.on('notification', ({ payload }) => this.receive(payload ?? ''));
    this.client = client;
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.retry);
    await this.client?.end().catch(() => undefined);
  }

  protected broadcast(topic: string): void {
    this.pending.add(topic);
    if (!this.isSending) void this.send();
  }

  private async send(): Promise<void> {
    this.isSending = true;
    while (this.pending.size > 0 && !this.isStopped) {
      const topics = [...this.pending].slice(0, MAX_BATCH);
      for (const topic of topics) this.pending.delete(topic);
      await this.database.dataSource
        .query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify([this.origin, ...topics])])
        .catch((error: Error) =>
          this.logger.warn(`A signal was lost (${error.message}); listeners see the change when they poll.`),
        );
    }
    this.isSending = false;
  }

  private receive(payload: string): void {
    const [origin, ...topics] = JSON.parse(payload) as string[];
    if (origin !== this.origin) for (const topic of topics) this.deliver(topic);
  }

  private reconnect(client: Client): void {
    if (client !== this.client) return;
    client.end().catch(() => undefined);
    this.startLater();
  }

  private startLater(): void {
    if (this.isStopped || this.retry) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.start().catch(() => this.client && this.reconnect(this.client));
    }, RECONNECT_MS);
  }
}
