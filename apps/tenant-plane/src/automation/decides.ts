import { Repeatable } from '@atlas/persistence';
import { type RunStepView } from '@atlas/tenant-api/automation';
import { HttpCode, applyDecorators } from '@nestjs/common';

/**
 * Marks the route of a decision about a run. The decision is made at most once for each `Idempotency-Key`,
 * because the run may wait for the next one by the time the request is repeated.
 */
export const Decides = (): MethodDecorator =>
  applyDecorators(HttpCode(200), Repeatable({ forRepeats: withoutOutputs }));

/** Outputs may have megabytes, so they are not stored for repeats. */
function withoutOutputs(answer: Record<string, unknown>): Record<string, unknown> {
  const { steps } = answer as { steps: readonly RunStepView[] };
  return { ...answer, steps: steps.map((step) => ({ ...step, output_tail: null })) };
}
