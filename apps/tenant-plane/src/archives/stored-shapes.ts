import { AUTONOMY_LEVELS } from '@atlas/tenant-api/automation';
import { HTTP_METHODS, ON_FAILURE, RISKS, STEP_KINDS, type StepKind } from '@atlas/tenant-api/runbooks';
import { SEVERITIES } from '@atlas/tenant-api/severity';
import {
  type ValueCheck,
  anything,
  either,
  listOf,
  mapOf,
  numberFrom,
  oneOf,
  optional,
  shapedAs,
  text,
} from './value-checks';

/** What features rely on when they read the JSON values of their rows. */

const TARGETS = shapedAs({ response_minutes: numberFrom(1), resolution_minutes: numberFrom(1) });
export const SLA_POLICY = shapedAs(Object.fromEntries(SEVERITIES.map((severity) => [severity, TARGETS])));

export const LABELS = mapOf(text);

const FLAG = oneOf([true, false]);
export const MATCHERS = listOf(shapedAs({ name: text, value: text, is_regex: FLAG, is_equal: FLAG }));

export const INDICATOR = either(
  shapedAs({ kind: oneOf(['events']) }),
  shapedAs({ kind: oneOf(['prometheus']), url: text, good_query: text, total_query: text }),
);

export const OVERRIDES = listOf(shapedAs({ risk: oneOf(RISKS), level: oneOf(AUTONOMY_LEVELS) }));

const PARAMETER = shapedAs({ name: text, enum: optional(listOf(text)), pattern: optional(text) });
const CONFIGS: Readonly<Record<StepKind, ValueCheck>> = {
  manual: mapOf(anything),
  shell: shapedAs({ command: text, args: listOf(text) }),
  http: shapedAs({ method: oneOf(HTTP_METHODS), url: text, headers: mapOf(optional(text)) }),
};
const STEPS = STEP_KINDS.map((kind) =>
  shapedAs({
    name: text,
    kind: oneOf([kind]),
    risk: oneOf(RISKS),
    agent_selector: LABELS,
    config: CONFIGS[kind],
    timeout_seconds: numberFrom(1),
    on_failure: oneOf(ON_FAILURE),
  }),
);
export const RUNBOOK = shapedAs({
  name: text,
  description: optional(text),
  parameters: listOf(PARAMETER),
  steps: listOf(either(...STEPS)),
});
