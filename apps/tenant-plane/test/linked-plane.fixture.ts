import { type Clock, SystemClock } from '@atlas/platform';
import { type DatabaseDriver, type TestDatabase, eventually } from '@atlas/testing';
import { type LoggerService } from '@nestjs/common';
import { FakeControlPlane } from './fake-control-plane.fixture';
import { type Env, TestTenantPlane, createPlaneDatabase } from './tenant-plane.fixture';

/** Records every log line. */
export class RecordingLogger implements LoggerService {
  readonly lines: string[] = [];
  log = (message: unknown): unknown => this.lines.push(textOf(message));
  warn = this.log;
  error = this.log;
}

function textOf(message: unknown): string {
  return message instanceof Error ? `${message.message} ${message.stack}` : JSON.stringify(message);
}

/** A tenant plane and a fake Control Plane, each of which can be stopped. */
export class Link {
  readonly log = new RecordingLogger();
  readonly planes: TestTenantPlane[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly control: FakeControlPlane,
  ) {}

  static async create(driver: DatabaseDriver): Promise<Link> {
    const [database, control] = [await createPlaneDatabase(driver), await FakeControlPlane.start()];
    return new Link(database, control);
  }

  /** Starts another process of the tenant plane. */
  async startPlane(env: Env = {}, clock: Clock = new SystemClock()): Promise<TestTenantPlane> {
    const databaseClock = new SystemClock();
    const options = { env: { ...this.control.env, ...env }, clock, databaseClock, logger: this.log };
    const plane = await TestTenantPlane.open(this.database, options);
    this.planes.push(plane);
    return plane;
  }

  async stopPlane(plane: TestTenantPlane): Promise<void> {
    this.planes.splice(this.planes.indexOf(plane), 1);
    await plane.app.close();
  }

  async close(): Promise<void> {
    for (const plane of [...this.planes]) await this.stopPlane(plane);
    await this.control.stop();
    await this.database.drop();
  }

  /** Waits until the tenant plane has reported this state for a tenant. */
  async reported(tenantId: string, state: 'applied' | 'failed' = 'applied'): Promise<void> {
    const isReported = (): boolean => this.control.reported(tenantId)?.state === state;
    await eventually(isReported, { what: `the tenant is reported as ${state}` });
  }

  async logged(pattern: RegExp): Promise<string> {
    const find = (): string | undefined => this.log.lines.find((line) => pattern.test(line));
    return eventually(find, { what: `the log says ${pattern}` });
  }
}
