import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Database, ProcessLock, Signals } from '@atlas/persistence';
import { Clock, identityOf, sendSignal, boundLog } from '@atlas/platform';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { type FindOptionsWhere, IsNull } from 'typeorm';
import { ControlPlaneConfig } from '../../../config/control-plane.config';
import { logFileOf } from './local-names';
import { LocalPlane } from './local-plane.entity';
import { LOCAL_PLANES_TOPIC, LocalPlanes } from './local-planes';
import { isItsProcess, planeProcesses } from './local-processes';
import { spawnTenantPlane } from './spawn-tenant-plane';

const LOOK_MS = 1000;
/** How long a plane may take to exit after SIGTERM before it is sent SIGKILL. */
const END_MS = 5000;
const MAX_BACKOFF_MS = 30_000;
/** A plane that has run for this long counts as steady. */
const STEADY_MS = 60_000;

/**
 * Starts, replaces and stops the processes of local planes as their rows require, and restarts
 * them with backoff. The planes outlive the Control Plane process, and the next Control Plane
 * process adopts them. If several Control Plane processes run, only one of them supervises.
 */
@Injectable()
export class LocalSupervisor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(LocalSupervisor.name);
  private readonly root: string;
  /** When to send SIGKILL, by pid and start time. */
  private readonly killAt = new Map<string, number>();
  private lock: ProcessLock | null = null;
  private timer?: NodeJS.Timeout;
  private unsubscribe?: () => void;
  private turns: Promise<void> = Promise.resolve();
  private listing: Promise<void> = Promise.resolve();
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

  /**
   * Requests a pass over all planes. Passes run one at a
   * time, and requests that are still waiting are combined.
   */
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
    // Without rows, there is nothing to supervise, and no folder to create.
    if (rows.length === 0 || !(await this.holdsLock())) return;
    await Promise.all(rows.map((row) => this.tend(row).catch((error: Error) => this.warn(row, error))));
    if (this.isFirstTurn) await this.list();
    this.isFirstTurn = false;
  }

  /** A failure with one plane does not affect the others. The next pass tries again. */
  private warn({ name }: LocalPlane, error: Error): void {
    this.logger.warn(`Tenant plane ${name}: ${error.message}`);
  }

  private async holdsLock(): Promise<boolean> {
    mkdirSync(this.root, { recursive: true, mode: 0o700 });
    this.lock ??= await ProcessLock.take(join(this.root, 'supervisor'), 0).catch(() => null);
    return this.lock !== null;
  }

  private async tend(row: LocalPlane): Promise<void> {
    if (isItsProcess(this.root, row)) {
      if (!row.isWanted || row.runningGeneration !== row.generation) this.end(row.pid as number);
      else boundLog(logFileOf(this.root, row.name));
      return;
    }
    if (row.pid !== null) return this.noteEnd(row);
    // There may be unrecorded processes, for example if this database was restored from a backup.
    const strays = await planeProcesses(this.root, row.name);
    for (const pid of strays) this.end(pid);
    const isDue = (row.startAt?.getTime() ?? 0) <= this.clock.now().getTime();
    if (strays.length === 0 && row.isWanted && isDue) await this.start(row);
  }

  /** Sends SIGTERM first. If the process does not exit in time, kills its whole process group. */
  private end(pid: number): void {
    const now = performance.now();
    const key = keyOf(pid, identityOf(pid)?.startedAt);
    const killAt = this.killAt.get(key);
    if (killAt === undefined) {
      this.killAt.set(key, now + END_MS);
      sendSignal(pid, 'SIGTERM');
    } else if (now > killAt) sendSignal(-pid, 'SIGKILL');
  }

  private async noteEnd(row: LocalPlane): Promise<void> {
    const wasAsked = this.killAt.delete(keyOf(row.pid, row.pidStartedAt)) || this.isFirstTurn;
    const now = this.clock.now().getTime();
    const ranMs = now - (row.startAt?.getTime() ?? now);
    const failures = wasAsked ? 0 : ranMs < STEADY_MS ? row.failures + 1 : 1;
    const pause = failures === 0 ? 0 : Math.min(MAX_BACKOFF_MS, 500 * 2 ** failures);
    const startAt = new Date(now + pause);
    if (failures > 0)
      this.logger.warn(`Tenant plane ${row.name} exited unexpectedly; restarting it in ${pause} ms.`);
    const ended = { pid: null, pidStartedAt: null, runningGeneration: null, failures, startAt };
    await this.save(row, { pid: row.pid ?? IsNull() }, ended);
    this.look();
  }

  private async start(row: LocalPlane): Promise<void> {
    const env = this.planes.environmentOf(row);
    const held = spawnTenantPlane({ config: this.config, root: this.root, plane: row, env }, () =>
      this.look(),
    );
    const { pid } = held;
    const pidStartedAt = identityOf(pid)?.startedAt ?? null;
    let isRecorded = false;
    try {
      // The removal of the plane may have begun in the meantime and found no recorded process.
      const unstarted = { isWanted: true, pid: IsNull() };
      isRecorded = await this.save(row, unstarted, { pid, pidStartedAt, runningGeneration: row.generation });
    } finally {
      if (isRecorded) held.letGo();
      else held.end();
    }
    if (isRecorded) this.logger.log(`Started tenant plane ${row.name} on port ${row.port}`);
  }

  /** Updates the row and returns true, or returns false if the row does not match `expected`. */
  private async save(
    { tenantPlaneId }: LocalPlane,
    expected: FindOptionsWhere<LocalPlane>,
    changes: Partial<LocalPlane>,
  ): Promise<boolean> {
    const { affected } = await this.database.write((manager) =>
      manager.update(LocalPlane, { ...expected, tenantPlaneId }, changes),
    );
    await this.list();
    return affected === 1;
  }

  /**
   * Lists the running processes in a file, so that they can be stopped even without
   * a Control Plane. Writes run one at a time, so that the newest list wins.
   */
  private list(): Promise<void> {
    return (this.listing = this.listing.catch(() => undefined).then(() => this.writeList()));
  }

  private async writeList(): Promise<void> {
    const rows = await this.database.read((manager) => manager.find(LocalPlane));
    const running = rows
      .filter((row) => isItsProcess(this.root, row))
      .map(({ name, pid }) => ({ name, pid, ...identityOf(pid as number) }));
    // Renamed into place, so that readers never see a partial file.
    const file = join(this.root, 'processes.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(running, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}

function keyOf(pid: number | null, startedAt: string | null | undefined): string {
  return `${pid} ${startedAt}`;
}
