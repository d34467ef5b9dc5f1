import { type Screen, type Terminal } from '../command';
import { type JobView, type StepView } from '../control-plane/views';
import { onOneLine } from '../text';
import { note } from './note';
import { markOf, stepText } from './step-line';

/** Shows the progress of a job that is being watched. */
export interface JobDisplay {
  begin(title: string, job: JobView): void;
  step(step: StepView): void;
  /** The connection was lost and is being reopened. */
  dropped(reason: string): void;
  done(job: JobView): void;
  /** Called last, whatever the outcome. */
  end(): void;
}

/** Output for programs, with one object per line. */
export class JsonDisplay implements JobDisplay {
  private jobId = '';

  constructor(private readonly terminal: Terminal) {}

  begin(_: string, { id }: JobView): void {
    this.jobId = id;
  }
  step(step: StepView): void {
    this.terminal.out(`${JSON.stringify({ event: 'step', job_id: this.jobId, ...step })}\n`);
  }
  dropped(reason: string): void {
    note({ terminal: this.terminal, isJson: true }, againText(reason));
  }
  done(job: JobView): void {
    this.terminal.out(`${JSON.stringify({ event: 'done', ...job })}\n`);
  }
  end(): void {
    // Nothing to close.
  }
}

/** Output for logs, such as those of CI, with one line per change. */
export class PlainDisplay implements JobDisplay {
  private nameWidth = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly now: () => number,
  ) {}

  begin(title: string, { id, steps }: JobView): void {
    this.nameWidth = widthOf(steps);
    this.terminal.out(`${title} (job ${id})\n`);
  }
  step(step: StepView): void {
    if (step.status !== 'pending')
      this.terminal.out(`  ${markOf(step).sign} ${stepText(step, this.nameWidth, this.now())}\n`);
  }
  dropped(reason: string): void {
    this.terminal.out(`  ${againText(reason)}\n`);
  }
  done(): void {
    // The last step has already been shown.
  }
  end(): void {
    // Nothing to close.
  }
}

const TICK_MS = 1000;

/** Output for a terminal: the list of steps, redrawn in place on every change and every second. */
export class LiveDisplay implements JobDisplay {
  private readonly steps = new Map<string, StepView>();
  private nameWidth = 0;
  private drawnLines = 0;
  private note = '';
  private tick?: NodeJS.Timeout;

  constructor(
    private readonly terminal: Terminal,
    private readonly screen: Screen,
    private readonly now: () => number,
  ) {}

  begin(title: string, { id, steps }: JobView): void {
    this.terminal.out(`${title} (job ${id})\n`);
    this.nameWidth = widthOf(steps);
    for (const step of steps) this.steps.set(step.name, step);
    this.tick = setInterval(() => this.draw(), TICK_MS);
    this.draw();
  }
  step(step: StepView): void {
    this.steps.set(step.name, step);
    this.note = '';
    this.draw();
  }
  dropped(reason: string): void {
    this.note = againText(reason);
    this.draw();
  }
  done({ steps }: JobView): void {
    for (const step of steps) this.steps.set(step.name, step);
    this.note = '';
    this.draw();
  }
  end(): void {
    clearInterval(this.tick);
  }

  private draw(): void {
    const lines = [...this.steps.values()].map((step) => this.line(step));
    if (this.note) lines.push(`  ${this.cut(this.note)}`);
    const up = this.drawnLines > 0 ? `\u001b[${this.drawnLines}A` : '';
    // Clears the rest of each line, and the screen below the last line.
    this.terminal.out(`${up}${lines.map((line) => `\r\u001b[K${line}\n`).join('')}\u001b[J`);
    this.drawnLines = lines.length;
  }

  private line(step: StepView): string {
    const { sign, colour } = markOf(step);
    const mark = this.screen.hasColours ? `\u001b[${colour}m${sign}\u001b[0m` : sign;
    return `  ${mark} ${this.cut(stepText(step, this.nameWidth, this.now()))}`;
  }

  /** A wrapped line could not be redrawn in place. */
  private cut(text: string): string {
    const room = Math.max(20, this.screen.columns) - 6;
    return text.length > room ? `${onOneLine(text).slice(0, room)}…` : onOneLine(text);
  }
}

function againText(reason: string): string {
  return `${reason.replace(/\.$/, '')}; trying again.`;
}

function widthOf(steps: readonly StepView[]): number {
  return Math.max(0, ...steps.map(({ name }) => name.length));
}
