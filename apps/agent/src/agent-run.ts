import { hostname } from 'node:os';
import { type AgentFolder, type Enrolment } from './agent-folder';
import { AgentFailure } from './failure';
import { Log } from './log';
import { PlaneClient } from './plane-client';
import { isKeyRefused, retryDelayMs } from './retry-delay';
import { RunLock } from './run-lock';
import { StepRunner, type Stops } from './step-runner';
import { VERSION } from './version';
import { pause } from './wake';

const HEARTBEAT_MS = 30_000;

/** Runs steps until the operator stops the agent. */
export class AgentRun {
  private readonly log = new Log();
  private readonly plane: PlaneClient;
  private readonly runner: StepRunner;
  private trouble: string | null = null;

  private constructor(
    private readonly folder: AgentFolder,
    private enrolment: Enrolment,
    private readonly stops: Stops,
  ) {
    this.plane = new PlaneClient({
      url: enrolment.url,
      key: folder.key(),
      caFile: enrolment.ca_file,
      onMoved: (url) => this.moved(url),
    });
    this.runner = new StepRunner(folder, this.plane, this.log, stops);
  }

  /** Throws {@link AgentFailure} if the agent is not enrolled, or if it is already running. */
  static async start(folder: AgentFolder, stops: Stops): Promise<void> {
    const enrolment = folder.enrolment();
    const run = new AgentRun(folder, enrolment, stops);
    folder.create();
    const lock = requireLock(folder);
    try {
      await run.untilStopped();
    } finally {
      lock.release();
    }
  }

  private async untilStopped(): Promise<void> {
    this.log.line(`atlas-agent ${VERSION} runs agent ${this.enrolment.agent_id} in ${this.folder.path}.`);
    const ended = new AbortController();
    const beating = this.beat(ended.signal);
    await this.work();
    ended.abort();
    await beating;
    this.log.line('Stopped.');
  }

  private async work(): Promise<void> {
    await this.runner.recover();
    for (let failures = 0; !this.stops.stopping.aborted;) {
      try {
        const lease = await this.plane.claim(this.stops.stopping);
        this.contact();
        failures = 0;
        if (lease) await this.runner.run(lease);
      } catch (error) {
        if (this.stops.stopping.aborted) return;
        this.failed(error);
        failures += 1;
        await pause(retryDelayMs(error, failures), this.stops.stopping);
      }
    }
  }

  private async beat(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      try {
        await this.plane.heartbeat(beatOf(this.enrolment, this.runner.leases));
        this.contact();
      } catch (error) {
        this.failed(error);
        if (isKeyRefused(error)) await pause(HEARTBEAT_MS, ended);
      }
      await pause(HEARTBEAT_MS, ended);
    }
  }

  private contact(): void {
    this.folder.recordContact(new Date());
    if (this.trouble !== null) this.log.line('The plane answers again.');
    this.trouble = null;
  }

  /** Says the same thing once. */
  private failed(error: unknown): void {
    const text = isKeyRefused(error)
      ? 'The plane refuses the key. Rotate the key, and enrol the agent with the new one.'
      : (error as Error).message;
    if (text !== this.trouble) this.log.line(text);
    this.trouble = text;
  }

  private moved(url: string): void {
    this.log.line(`The tenant has moved to ${url}.`);
    this.enrolment = { ...this.enrolment, url };
    try {
      this.folder.store(this.enrolment);
    } catch (error) {
      // The answer from the new address still counts.
      this.log.line(`The new address cannot be stored: ${(error as Error).message}`);
    }
  }
}

/** Throws {@link AgentFailure}. */
export function requireLock(folder: AgentFolder): RunLock {
  const lock = RunLock.take(folder.path);
  if (lock) return lock;
  const pid = RunLock.holder(folder.path)?.pid ?? 'another one';
  throw new AgentFailure(
    `The folder ${folder.path} is in use by process ${pid}.`,
    'Stop that process first: systemctl stop atlas-agent',
  );
}

export function beatOf(
  { labels }: Pick<Enrolment, 'labels'>,
  leases: readonly string[],
): Parameters<PlaneClient['heartbeat']>[0] {
  return { version: VERSION, hostname: hostname(), labels, leases };
}
