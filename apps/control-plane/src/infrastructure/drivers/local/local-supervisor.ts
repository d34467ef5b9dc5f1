import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Database, ProcessLock, Signals } from '@atlas/persistence';
import { Clock, identityOf, sendSignal } from '@atlas/platform';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ControlPlaneConfig } from '../../../control-plane.config';
import { LocalPlane } from './local-plane.entity';
import { LOCAL_PLANES_TOPIC, LocalPlanes } from './local-planes';
import { spawnTenantPlane } from './spawn-tenant-plane';

const LOOK_MS = 1000;
/** After SIGTERM a plane has this long before SIGKILL. */
const END_MS = 5000;
const MAX_BACKOFF_MS = 30_000;

/**
 * Keeps the processes of local planes as their rows want them: starts, restarts with backoff, replaces and ends them. They
 * outlive this process, and the next one adopts them. Of several processes of the Control Plane one supervises.
 */
@Injectable()
export class LocalSupervisor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(LocalSupervisor.name);
  private readonly root: string;
  private readonly killAt = new Map<number, number>();
  private lock: ProcessLock | null = null;
  private timer?: NodeJS.Timeout;
  private unsubscribe?: () => void;
  private turns: Promise<void> = Promise.resolve();
  private isTurnDue = false;
  private isEnding = false;
  private isFirstTurn = true;

  constructor(
    private readonly config: ControlPlaneConfig,
    private readonly database: Database,
    private readonly planes: LocalPlanes,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {
    this.root = resolve(config.LOCAL_DRIVER_DIR);
  }

  onApplicationBootstrap(): void {
    if (this.config.infrastructureDriver !== 'local') return;
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.unsubscribe = this.signals.subscribe(LOCAL_PLANES_TOPIC, () => this.look());
    this.look();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    clearInterval(this.timer);
    this.unsubscribe?.();
    await this.turns;
    await this.lock?.release();
  }

  /** One turn after the other; what is asked for meanwhile is one more. */
  private look(): void {
    if (this.isTurnDue || this.isEnding) return;
    this.isTurnDue = true;
    this.turns = this.turns.then(async () => {
      this.isTurnDue = false;
      await this.turn().catch((error: Error) => this.logger.warn(`Local planes: ${error.message}`));
    });
  }

  private async turn(): Promise<void> {
    const rows = await this.database.read((manager) => manager.find(LocalPlane));
    // Without any the folder need not be there either.
    if (rows.length === 0 || !(await this.holdsLock())) return;
    await Promise.all(rows.map((row) => this.tend(row)));
    if (this.isFirstTurn) this.list(rows);
    this.isFirstTurn = false;
  }

  private async holdsLock(): Promise<boolean> {
    mkdirSync(this.root, { recursive: true, mode: 0o700 });
    this.lock ??= await ProcessLock.take(join(this.root, 'supervisor'), 0).catch(() => null);
    return this.lock !== null;
  }

  private async tend(row: LocalPlane): Promise<void> {
    const isAlive = row.pid !== null && identityOf(row.pid)?.startedAt === row.pidStartedAt;
    if (isAlive) {
      if (!row.isWanted || row.runningGeneration !== row.generation) this.end(row.pid as number);
      return;
    }
    if (row.pid !== null) await this.noteEnd(row);
    else if (row.isWanted && (row.startAt?.getTime() ?? 0) <= this.clock.now().getTime())
      await this.start(row);
  }

  /** Asked politely first; what does not listen is killed, with all that it started. */
  private end(pid: number): void {
    const now = performance.now();
    const killAt = this.killAt.get(pid);
    if (killAt === undefined) {
      this.killAt.set(pid, now + END_MS);
      sendSignal(pid, 'SIGTERM');
    } else if (now > killAt) sendSignal(-pid, 'SIGKILL');
  }

  private async noteEnd(row: LocalPlane): Promise<void> {
    const wasAsked = this.killAt.delete(row.pid as number) || this.isFirstTurn;
    const failures = wasAsked ? 0 : row.failures + 1;
    const pause = failures === 0 ? 0 : Math.min(MAX_BACKOFF_MS, 500 * 2 ** failures);
    const startAt = new Date(this.clock.now().getTime() + pause);
    if (failures > 0)
      this.logger.warn(`Tenant plane ${row.name} ended by itself; it is started again in ${pause} ms.`);
    await this.save(row, { pid: null, pidStartedAt: null, runningGeneration: null, failures, startAt });
    this.look();
  }

  private async start(row: LocalPlane): Promise<void> {
    const env = this.planes.environmentOf(row);
    const pid = spawnTenantPlane({ config: this.config, root: this.root, plane: row, env }, () =>
      this.look(),
    );
    const pidStartedAt = identityOf(pid)?.startedAt ?? null;
    await this.save(row, { pid, pidStartedAt, runningGeneration: row.generation });
    this.logger.log(`Started tenant plane ${row.name} on port ${row.port}`);
  }

  private async save(row: LocalPlane, changes: Partial<LocalPlane>): Promise<void> {
    Object.assign(row, changes);
    const { tenantPlaneId } = row;
    await this.database.write((manager) => manager.update(LocalPlane, { tenantPlaneId }, changes));
    this.list(await this.database.read((manager) => manager.find(LocalPlane)));
  }

  /** For whoever has to end them when no Control Plane is left to do it. */
  private list(rows: readonly LocalPlane[]): void {
    const running = rows.flatMap(({ name, pid }) => {
      const identity = pid === null ? undefined : identityOf(pid);
      return identity ? [{ name, pid, ...identity }] : [];
    });
    // Whoever reads it never finds half of it.
    const file = join(this.root, 'processes.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(running, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
