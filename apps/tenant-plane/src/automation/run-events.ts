import { Signals, TenantDatabase, Wakes } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { OneByOne } from '../access/one-by-one';
import { textFrom } from './output';
import { FINAL_STATUSES } from './run-progress';
import { topicOfRun } from './run-store';
import { Run } from './run.entity';
import { runView, stepView } from './run.view';
import { runbookNames } from './runbook-names';
import { type ShownOutput, shownOutputs } from './shown-outputs';
import { type ShownRun, type ShownStep, shownSteps } from './shown-steps';

/** How often a run is read, because another process of the plane may have changed it. */
const LOOK_SECONDS = 2;

/** How much of the output a client has: everything of earlier steps, and `offset` bytes of one step. */
interface Received {
  readonly position: number;
  readonly offset: number;
  /** A step that was retried since has another lease, and its output begins again. */
  readonly leaseId: string | null;
}

/** A run, and the ends of the outputs that are about to be sent. */
interface Seen {
  readonly state: ShownRun;
  readonly outputs: ReadonlyMap<string, ShownOutput>;
  /** The name of the runbook, by its id. */
  readonly names: ReadonlyMap<string, string>;
}

/** Streams the progress of runs. No transaction is open while a stream waits. */
@Injectable()
export class RunEvents {
  private readonly line = new OneByOne();

  constructor(
    private readonly tenants: TenantDatabase,
    private readonly signals: Signals,
  ) {}

  /**
   * Yields server-sent events: `step` for each step and each change of one, `output` for new output, and
   * `done` when the run has ended. `lastEventId`: the id of the last event that the client received.
   */
  async *of(
    tenantId: string,
    id: string,
    lastEventId: string | undefined,
    ended: AbortSignal,
  ): AsyncGenerator<string> {
    const sent = new SentEvents(receivedUntil(lastEventId));
    while (!ended.aborted) {
      // Subscribes before it reads, so that no change is missed.
      const wakes = new Wakes(this.signals, topicOfRun(id), LOOK_SECONDS, ended);
      try {
        const seen = await this.look(tenantId, id, sent);
        if (!seen) return;
        yield* sent.eventsFor(seen);
        if (FINAL_STATUSES.includes(seen.state.run.status)) {
          yield eventOf('done', runView(seen.state, seen.names));
          return;
        }
        // A comment keeps proxies from closing an idle stream.
        if (!(await wakes.next()) && !ended.aborted) yield ':\n\n';
      } finally {
        wakes.stop();
      }
    }
  }

  /** The streams of a tenant take turns, so that they leave connections to others. */
  private look(tenantId: string, id: string, sent: SentEvents): Promise<Seen | null> {
    return this.line.run(tenantId, () => this.read(tenantId, id, sent));
  }

  /** Reads all rows at the same moment, so that outputs and their lengths match. */
  private read(tenantId: string, id: string, sent: SentEvents): Promise<Seen | null> {
    return this.tenants.snapshot(tenantId, async (scope) => {
      const run = await scope.findOne(Run, { id });
      if (!run) return null;
      const state = { run, steps: await shownSteps(scope, [id]) };
      const lacking = state.steps.filter((step) => sent.lacksOutputOf(step));
      const names = await runbookNames(scope, [run.runbookId]);
      return { state, names, outputs: await shownOutputs(scope, id, lacking) };
    });
  }
}

/** What has been sent in one stream. */
class SentEvents {
  private readonly views = new Map<string, string>();
  private readonly outputs = new Map<string, { readonly leaseId: string | null; readonly offset: number }>();

  constructor(private readonly received: Received) {}

  lacksOutputOf(step: ShownStep): boolean {
    return step.outputBytes > this.offsetOf(step);
  }

  *eventsFor({ state, outputs }: Seen): Generator<string> {
    for (const step of state.steps) {
      yield* this.outputOf(step, outputs.get(step.id));
      const view = stepView(step);
      // Output has events of its own.
      const text = JSON.stringify({ ...view, output_bytes: null });
      if (this.views.get(step.id) === text) continue;
      this.views.set(step.id, text);
      yield eventOf('step', view);
    }
  }

  private *outputOf(step: ShownStep, output: ShownOutput | undefined): Generator<string> {
    if (!output) return;
    const { tail, bytes } = output;
    const { offset, text } = textFrom(tail, bytes, this.offsetOf(step));
    this.outputs.set(step.id, { leaseId: step.leaseId, offset: bytes });
    const id = `${step.position}-${bytes}-${step.leaseId}`;
    if (text !== '') yield eventOf('output', { step: step.name, offset, text }, id);
  }

  /** A step that was retried begins again. */
  private offsetOf({ id, leaseId, position, outputBytes }: ShownStep): number {
    const known = this.outputs.get(id);
    if (known) return known.leaseId === leaseId ? known.offset : 0;
    if (position < this.received.position) return outputBytes;
    const { offset, leaseId: lease } = this.received;
    const isSame = position === this.received.position && lease === leaseId && offset <= outputBytes;
    return isSame ? offset : 0;
  }
}

/** An id that is not of this form is ignored: then everything is sent again. */
function receivedUntil(lastEventId = ''): Received {
  const [, position, offset, leaseId] = /^(\d{1,3})-(\d{1,16})-([0-9a-f-]{36})$/.exec(lastEventId) ?? [];
  return { position: Number(position ?? 0), offset: Number(offset ?? 0), leaseId: leaseId ?? null };
}

export function eventOf(name: 'step' | 'output' | 'done' | 'error', data: object, id?: string): string {
  const line = id === undefined ? '' : `id: ${id}\n`;
  return `${line}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
