import { type StepResult } from './agent-folder';
import { type Log } from './log';
import { type OutputBuffer } from './output-buffer';
import { type PlaneClient, PlaneRefusal, type Report } from './plane-client';
import { retryDelayMs } from './retry-delay';
import { Wake, pause } from './wake';

/** So that output comes in few calls. */
const PACE_MS = 200;
/** How often a silent command is reported, which extends the lease and tells whether it was cancelled. */
const SILENCE_MS = 5000;
/** The plane cannot accept this report, however often it is sent. */
const FINAL = [400, 409, 413, 422];

export type ReportsEnd =
  /** The plane has answered the result. */
  | 'answered'
  /** The plane does not wait for this step any more, so it must stop. */
  | 'lost'
  /** The agent stops. The result is on disk, and is sent when it starts again. */
  | 'left';

/** Reports the output of a step and its result, until the plane has answered the result. */
export class StepReports {
  private readonly wake = new Wake();
  private readonly finished = new AbortController();
  private result: StepResult | null = null;
  /** The bytes that were sent or dropped before the next chunk. */
  private offset = 0;
  /** Sent again, unchanged, until it is answered. */
  private unanswered: Report | null = null;

  constructor(
    private readonly plane: PlaneClient,
    private readonly leaseId: string,
    private readonly output: OutputBuffer,
    private readonly log: Log,
    /** Aborted if results that the plane does not answer are to be left on disk. */
    private readonly stopping: AbortSignal,
  ) {}

  /** There is more output. */
  news(): void {
    this.wake.call();
  }

  finish(result: StepResult): void {
    this.result = result;
    this.finished.abort();
    this.wake.call();
  }

  async run(): Promise<ReportsEnd> {
    for (let failures = 0; ;) {
      if (failures > 0 && this.result && this.stopping.aborted) return 'left';
      const report = (this.unanswered ??= this.next());
      try {
        await this.plane.report(report);
        if (failures > 0) this.log.line('The plane answers again.');
        failures = 0;
        this.unanswered = null;
        if (report.finished) return 'answered';
        await this.rest();
      } catch (error) {
        if (this.isLost(error, report)) return 'lost';
        failures += 1;
        if (failures === 1)
          this.log.line(`A report failed and will be sent again. ${(error as Error).message}`);
        // A gap is closed at once.
        if (report === this.unanswered)
          await pause(retryDelayMs(error, failures), this.result ? this.stopping : this.finished.signal);
      }
    }
  }

  private async rest(): Promise<void> {
    if (this.result) return;
    await pause(PACE_MS, this.finished.signal);
    if (this.output.isEmpty && this.result === null) await this.wake.within(SILENCE_MS);
  }

  private next(): Report {
    const { text, skipped } = this.output.take();
    const isLast = this.result !== null && this.output.isEmpty;
    const output = isLast ? text + this.output.end() : text;
    const report = { lease_id: this.leaseId, ...this.chunk(output, skipped) };
    return isLast && this.result ? { ...report, finished: true, result: this.result } : report;
  }

  private chunk(output: string, skipped: number): Partial<Report> {
    const offset = this.offset + skipped;
    this.offset = offset + Buffer.byteLength(output);
    return output === '' ? {} : { output, offset, skipped };
  }

  /** Whether the step is over for the plane. If the plane lacks output, says that it was dropped. */
  private isLost(error: unknown, report: Report): boolean {
    if (!(error instanceof PlaneRefusal) || !FINAL.includes(error.status)) return false;
    const received = error.problem['output_bytes'];
    if (error.code === 'output_gap' && typeof received === 'number' && report.offset !== undefined) {
      this.unanswered = { ...report, skipped: report.offset - received };
      return false;
    }
    this.log.line(`The plane does not accept the step's reports. ${error.message}`);
    return true;
  }
}
