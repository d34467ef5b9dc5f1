import { DomainError } from '@atlas/platform';
import {
  MAX_PARAMETERS,
  MAX_STEPS,
  type ParameterView,
  type RunbookDto,
  type RunbookStepDto,
  type RunbookStepView,
} from '@atlas/tenant-api/runbooks';
import { requirePattern } from './parameters';
import { placeholdersIn } from './placeholders';
import { type GivenCredential } from './runbook-credentials';
import { type HttpConfig, type StepConfig, checkedConfig, isCredentialHeader } from './step-config';

export interface RunbookStep extends Omit<RunbookStepView, 'config'> {
  readonly config: StepConfig;
}

/** What one version of a runbook says. */
export interface RunbookDefinition {
  readonly name: string;
  readonly description: string | null;
  readonly parameters: readonly ParameterView[];
  readonly steps: readonly RunbookStep[];
}

export interface CheckedRunbook {
  readonly definition: RunbookDefinition;
  readonly credentials: readonly GivenCredential[];
}

const DEFAULT_TIMEOUT_SECONDS = 300;
/** All tenants of a plane share the places for requests, so none may keep one for long. */
export const MAX_HTTP_SECONDS = 600;
const MAX_BYTES = 262_144;
const LABEL = /^[A-Za-z0-9._/-]{1,100}$/;
const MAX_LABELS = 20;

/** Checks everything that does not depend on other rows. Throws an error of the kind `unprocessable`. */
export function checkedDefinition(dto: RunbookDto): CheckedRunbook {
  const { steps, parameters = [] } = dto;
  if (steps.length > MAX_STEPS) throw tooMany('steps', steps.length, MAX_STEPS);
  if (parameters.length > MAX_PARAMETERS) throw tooMany('parameters', parameters.length, MAX_PARAMETERS);
  requireUnique('step', steps);
  requireUnique('parameter', parameters);
  const definition: RunbookDefinition = {
    name: dto.name.trim(),
    description: dto.description ?? null,
    parameters: parameters.map(
      ({ name, required = false, enum: allowed = null, pattern = null, secret = false }) => {
        if (pattern !== null) requirePattern(name, pattern);
        return { name, required, enum: allowed, pattern, secret };
      },
    ),
    steps: steps.map(checkedStep),
  };
  requireKnownParameters(definition);
  const bytes = Buffer.byteLength(JSON.stringify(definition));
  if (bytes > MAX_BYTES) throw tooMany('bytes', bytes, MAX_BYTES);
  return withoutCredentials(definition);
}

/** Takes the credentials out of the headers, which then say null. */
function withoutCredentials(definition: RunbookDefinition): CheckedRunbook {
  const credentials: GivenCredential[] = [];
  const steps = definition.steps.map((step) => {
    if (step.kind !== 'http') return step;
    const config = step.config as HttpConfig;
    const { origin } = new URL(config.url);
    const headers = Object.entries(config.headers).map(([header, value]) => {
      if (!isCredentialHeader(header)) return [header, value] as const;
      credentials.push({ step: step.name, header, origin, value });
      return [header, null] as const;
    });
    return { ...step, config: { ...config, headers: Object.fromEntries(headers) } };
  });
  return { definition: { ...definition, steps }, credentials };
}

function checkedStep(dto: RunbookStepDto, index: number): RunbookStep {
  const { kind, risk, agent_selector: selector = {}, timeout_seconds, on_failure = 'stop' } = dto;
  const name = dto.name.trim();
  if (kind !== 'shell' && dto.agent_selector !== undefined)
    throw invalidStep(name, 'only shell steps run on agents, so only they may have an agent_selector');
  if (!isLabels(selector))
    throw invalidStep(name, `agent_selector must be at most ${MAX_LABELS} labels with names and values`);
  if (kind === 'http' && (timeout_seconds ?? 0) > MAX_HTTP_SECONDS)
    throw invalidStep(name, `an http step may take at most ${MAX_HTTP_SECONDS} seconds`);
  return {
    name,
    kind,
    risk,
    agent_selector: selector,
    config: checkedConfig(kind, dto.config, `steps.${index}.config`),
    timeout_seconds: timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS,
    on_failure,
  };
}

/** Whether a value is a set of labels, such as `{"site": "berlin"}`. */
export function isLabels(value: Readonly<Record<string, unknown>>): value is Record<string, string> {
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_LABELS &&
    entries.every(([name, label]) => LABEL.test(name) && typeof label === 'string' && LABEL.test(label))
  );
}

function requireUnique(what: 'step' | 'parameter', named: readonly { readonly name: string }[]): void {
  const names = named.map(({ name }) => name.trim());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  const detail = `Two ${what}s are named "${twice}". Give each ${what} a name of its own.`;
  throw new DomainError(`duplicate_${what}`, 'unprocessable', detail);
}

function requireKnownParameters({ parameters, steps }: RunbookDefinition): void {
  const known = new Set(parameters.map(({ name }) => name));
  const secret = new Set(parameters.filter((one) => one.secret).map(({ name }) => name));
  for (const { name, kind, config } of steps) {
    const shown = kind === 'manual' && placeholdersIn(config).some((one) => secret.has(one));
    if (shown) throw invalidStep(name, 'a secret parameter must not be shown to people in instructions');
    const unknown = placeholdersIn(config).find((one) => !known.has(one));
    if (unknown === undefined) continue;
    const detail = `Step "${name}" refers to {{${unknown}}}, but the runbook has no such parameter.`;
    throw new DomainError('unknown_parameter', 'unprocessable', detail);
  }
}

function tooMany(what: 'steps' | 'parameters' | 'bytes', count: number, max: number): DomainError {
  const detail = `The runbook has ${count} ${what}; at most ${max} are allowed. Nothing was stored.`;
  return new DomainError('runbook_too_large', 'unprocessable', detail, { limit: max, given: count });
}

function invalidStep(name: string, fault: string): DomainError {
  return new DomainError('invalid_step', 'unprocessable', `Step "${name}" is not valid: ${fault}.`);
}
