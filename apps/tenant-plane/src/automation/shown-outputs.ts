import { type TenantScope } from '@atlas/persistence';
import { In } from 'typeorm';
import { SealedValues } from './run-secrets.entity';
import { type ShownStep } from './shown-steps';
import { StepOutput } from './step-output.entity';

/** The end of a step's output. */
export interface ShownOutput {
  readonly tail: string;
  /** How many bytes of output there were up to the end of `tail`. */
  readonly bytes: number;
}

/** The ends of the outputs of a run's steps, by step id. */
export async function shownOutputs(
  scope: TenantScope,
  runId: string,
  steps: readonly ShownStep[],
): Promise<ReadonlyMap<string, ShownOutput>> {
  if (steps.length === 0) return new Map();
  // Before the outputs are read. If the secrets have been deleted since the steps were read, the run has
  // ended, and all output has arrived.
  const isRunning = steps.some(({ status }) => status === 'running');
  const hasSecrets = isRunning && (await scope.exists(SealedValues, { runId }));
  const outputs = await scope.find(StepOutput, { where: { stepId: In(steps.map(({ id }) => id)) } });
  const tails = new Map(outputs.map(({ stepId, tail }) => [stepId, tail]));
  const shown = steps.flatMap(({ id, status, outputBytes }): [string, ShownOutput][] => {
    const tail = tails.get(id);
    if (tail === undefined) return [];
    if (!hasSecrets || status !== 'running') return [[id, { tail, bytes: outputBytes }]];
    const lines = wholeLines(tail);
    return [[id, { tail: lines, bytes: outputBytes - Buffer.byteLength(tail.slice(lines.length)) }]];
  });
  return new Map(shown);
}

/**
 * A secret may have arrived in part, and is not recognised before its rest arrives. It contains no control
 * characters, so the text up to the last of them contains no such part.
 */
function wholeLines(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) >= 0x20) end -= 1;
  return text.slice(0, end);
}
