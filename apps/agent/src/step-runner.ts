import { type ClaimView } from '@atlas/tenant-api/agents';
import { type AgentFolder, type StepResult, type StoredStep } from './agent-folder';
import { AllowList, type Program, type WantedCommand, fileOf } from './allow-list';
import { type Log } from './log';
import { OutputBuffer } from './output-buffer';
import { type PlaneClient } from './plane-client';
import { endLeftovers } from './process-group';
import { NotStarted, RunningCommand } from './running-command';
import { StepReports } from './step-reports';

type Lease = Pick<ClaimView, 'lease_id' | 'job_id' | 'step' | 'config' | 'timeout_seconds'>;

/** How an operator stops the agent. */
export interface Stops {
  /** Aborted once no further step may start. */
  readonly stopping: AbortSignal;
  /** Aborted if the step under way must not be waited for either. */
  readonly hurry: AbortSignal;
}

/** Runs leased steps, each at most once. */
export class StepRunner {
  constructor(
    private readonly folder: AgentFolder,
    private readonly plane: PlaneClient,
    private readonly log: Log,
    private readonly stops: Stops,
  ) {}

  /** The lease of the step under way. */
  get leases(): readonly string[] {
    const step = this.folder.step();
    return step ? [step.lease_id] : [];
  }

  /** Reports the step that was under way when the agent ended. Never runs it again. */
  async recover(): Promise<void> {
    const step = this.folder.step();
    if (!step) return;
    this.log.line(`Found ${nameOf(step)}, which was under way when the agent stopped.`);
    await endLeftovers(step.lease_id, step.group);
    const reports = this.reportsOf(step.lease_id, new OutputBuffer());
    await this.finish(step, step.result ?? { error: 'outcome_unknown' }, reports, reports.run());
  }

  async run(lease: Lease): Promise<void> {
    const { lease_id, job_id, step: name } = lease;
    const since = new Date().toISOString();
    const step: StoredStep = { lease_id, job_id, step: name, since, group: null, result: null };
    const output = new OutputBuffer();
    const reports = this.reportsOf(lease_id, output);
    let command: RunningCommand;
    try {
      const program = this.programOf(lease);
      this.folder.storeStep(step);
      const onOutput = (bytes: Buffer): void => {
        output.push(bytes);
        reports.news();
      };
      command = await RunningCommand.start(program, { leaseId: lease_id, cwd: this.folder.work, onOutput });
    } catch (error) {
      output.push(Buffer.from(`atlas-agent: ${(error as Error).message}\n`));
      this.log.line(`Did not start ${nameOf(step)}. ${(error as Error).message}`);
      const result = { error: error instanceof NotAllowed ? 'command_not_allowed' : 'not_started' } as const;
      return this.finish(step, result, reports, reports.run());
    }
    this.log.line(`Started ${nameOf(step)} as process ${command.group}.`);
    await this.follow({ ...step, group: command.group }, command, reports, lease.timeout_seconds);
  }

  private async follow(
    step: StoredStep,
    command: RunningCommand,
    reports: StepReports,
    timeoutSeconds: number,
  ): Promise<void> {
    this.store(step);
    const ending = new Ending(command);
    const timer = setTimeout(() => ending.stop('timed_out'), timeoutSeconds * 1000);
    const hurry = (): void => ending.stop('outcome_unknown');
    this.stops.hurry.addEventListener('abort', hurry);
    const reporting = reports.run();
    void reporting.then((end) => end === 'lost' && ending.stop('outcome_unknown'));
    const exitCode = await command.exitCode;
    clearTimeout(timer);
    this.stops.hurry.removeEventListener('abort', hurry);
    const result = ending.reason === null ? { exit_code: exitCode } : { error: ending.reason };
    // On disk before anything else, so that a crash from here on does not lose the result.
    this.store({ ...step, result });
    await command.end();
    await this.finish(step, result, reports, reporting);
  }

  private async finish(
    step: StoredStep,
    result: StepResult,
    reports: StepReports,
    reporting: ReturnType<StepReports['run']>,
  ): Promise<void> {
    this.store({ ...step, result });
    reports.finish(result);
    const end = await reporting;
    if (end === 'left') {
      this.log.line(`The result of ${nameOf(step)} is sent when the agent starts again.`);
      return;
    }
    this.folder.forgetStep();
    const said = 'exit_code' in result ? `exit code ${result.exit_code}` : result.error;
    this.log.line(
      end === 'answered' ? `Ended ${nameOf(step)}: ${said}.` : `Gave up ${nameOf(step)}: ${said}.`,
    );
  }

  /** A command that has started goes on, even if the disk is full. */
  private store(step: StoredStep): void {
    try {
      this.folder.storeStep(step);
    } catch (error) {
      this.log.line(`The state of ${nameOf(step)} cannot be stored: ${(error as Error).message}`);
    }
  }

  private reportsOf(leaseId: string, output: OutputBuffer): StepReports {
    return new StepReports(this.plane, leaseId, output, this.log, this.stops.stopping);
  }

  /** Throws {@link NotAllowed} and {@link NotStarted}. */
  private programOf({ config }: Lease): Program {
    const wanted = wantedIn(config);
    const list = AllowList.read(this.folder.allowedCommands);
    if (!list.permits(wanted))
      throw new NotAllowed(
        list.problem ?? `This command with these arguments is not in ${this.folder.allowedCommands}.`,
      );
    const { command, args, shell } = wanted;
    if (shell) return { file: '/bin/sh', args: ['-c', command, 'sh', ...args] };
    const file = fileOf(command);
    if (file === null) throw new NotStarted('This machine has no such command.');
    return { file, args };
  }
}

class NotAllowed extends Error {}

/** Why a command is stopped: the first reason counts. */
class Ending {
  reason: 'timed_out' | 'outcome_unknown' | null = null;

  constructor(private readonly command: RunningCommand) {}

  stop(reason: 'timed_out' | 'outcome_unknown'): void {
    if (this.reason !== null) return;
    this.reason = reason;
    void this.command.stop();
  }
}

function wantedIn({ command, args = [], shell = false }: Readonly<Record<string, unknown>>): WantedCommand {
  const isArgs = Array.isArray(args) && args.every((arg) => typeof arg === 'string');
  if (typeof command !== 'string' || !isArgs || typeof shell !== 'boolean')
    throw new NotAllowed('The step is not a shell step that this version of the agent knows.');
  return { command, args, shell };
}

function nameOf({ step, job_id }: StoredStep): string {
  return `step "${step}" of run ${job_id}`;
}
