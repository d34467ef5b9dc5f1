import {
  type Config,
  HTTP_METHODS,
  type NewRunbook,
  type NewStep,
  type Parameter,
  type Risk,
  type Runbook,
  type RunbookStep,
  type StepKind,
  isCredentialHeader,
} from './runbook';

/** What the editor holds. Numbers and JSON are texts until they are saved. */
export interface Draft {
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly ParameterDraft[];
  readonly steps: readonly StepDraft[];
}

interface Keyed {
  /** Tells React which one it is, whatever its place. */
  readonly key: string;
}

export interface ParameterDraft extends Keyed {
  readonly name: string;
  readonly required: boolean;
  /** One on each line. */
  readonly allowed: string;
  readonly pattern: string;
  readonly secret: boolean;
}

export interface PairDraft extends Keyed {
  readonly name: string;
  readonly value: string;
  /** A stored credential, which stays unless a value is typed. */
  readonly isKept?: boolean;
}

export type BodyKind = 'none' | 'json' | 'text';

export interface StepDraft extends Keyed {
  readonly name: string;
  readonly kind: StepKind;
  readonly risk: Risk;
  readonly timeout: string;
  readonly onFailure: 'stop' | 'continue';
  readonly instructions: string;
  readonly method: (typeof HTTP_METHODS)[number];
  readonly url: string;
  readonly headers: readonly PairDraft[];
  readonly bodyKind: BodyKind;
  readonly body: string;
  /** Empty: from 200 to 299. */
  readonly expected: string;
  readonly command: string;
  readonly args: readonly PairDraft[];
  readonly isShell: boolean;
  readonly labels: readonly PairDraft[];
}

const DEFAULT_TIMEOUT = '300';

export function newPair(pair: Partial<PairDraft> = {}): PairDraft {
  return { key: crypto.randomUUID(), name: '', value: '', ...pair };
}

export function newParameter(): ParameterDraft {
  return {
    key: crypto.randomUUID(),
    name: '',
    required: true,
    allowed: '',
    pattern: '',
    secret: false,
  };
}

export function newStep(kind: StepKind): StepDraft {
  return {
    key: crypto.randomUUID(),
    name: '',
    kind,
    risk: kind === 'manual' ? 'low' : 'medium',
    timeout: DEFAULT_TIMEOUT,
    onFailure: 'stop',
    instructions: '',
    method: 'GET',
    url: '',
    headers: [],
    bodyKind: 'none',
    body: '',
    expected: '',
    command: '',
    args: [],
    isShell: false,
    labels: [],
  };
}

export function newDraft(): Draft {
  return { name: '', description: '', parameters: [], steps: [newStep('manual')] };
}

/** What can be changed of a runbook. */
export type RunbookContent = Pick<Runbook, 'name' | 'description' | 'parameters' | 'steps'>;

/** A runbook that is not stored yet, with what the plane fills in when it stores it. */
export function contentOf({ name, description, parameters = [], steps }: NewRunbook): RunbookContent {
  const given = { required: false, secret: false, enum: null, pattern: null };
  const usual = { timeout_seconds: Number(DEFAULT_TIMEOUT), on_failure: 'stop', agent_selector: {} } as const;
  return {
    name,
    description: description ?? null,
    parameters: parameters.map((parameter) => ({ ...given, ...parameter })),
    steps: steps.map((step) => ({ ...usual, ...step })),
  };
}

/** `isCopy`: credentials are not known to a copy, so they must be typed again. */
export function draftOf(runbook: RunbookContent, isCopy = false): Draft {
  return {
    name: isCopy ? `Copy of ${runbook.name}` : runbook.name,
    description: runbook.description ?? '',
    parameters: runbook.parameters.map(parameterDraftOf),
    steps: runbook.steps.map((step) => stepDraftOf(step, isCopy)),
  };
}

function parameterDraftOf({ name, required, enum: allowed, pattern, secret }: Parameter): ParameterDraft {
  return {
    key: crypto.randomUUID(),
    name,
    required,
    allowed: (allowed ?? []).join('\n'),
    pattern: pattern ?? '',
    secret,
  };
}

function stepDraftOf(step: RunbookStep, isCopy: boolean): StepDraft {
  return {
    ...newStep(step.kind),
    name: step.name,
    risk: step.risk,
    timeout: String(step.timeout_seconds),
    onFailure: step.on_failure,
    labels: Object.entries(step.agent_selector).map(([name, value]) => newPair({ name, value })),
    ...configDraftOf(step.config, isCopy),
  };
}

function configDraftOf(config: Config, isCopy: boolean): Partial<StepDraft> {
  const { instructions, method, url, headers, body, expect_status: expected, command, args, shell } = config;
  const hasBody = body !== null && body !== undefined;
  return {
    instructions: stringOf(instructions),
    method: HTTP_METHODS.find((one) => one === method) ?? 'GET',
    url: stringOf(url),
    headers: Object.entries((headers ?? {}) as Record<string, string | null>).map(([name, value]) =>
      newPair({ name, value: value ?? '', isKept: value === null && !isCopy }),
    ),
    bodyKind: !hasBody ? 'none' : typeof body === 'string' ? 'text' : 'json',
    body: !hasBody ? '' : typeof body === 'string' ? body : JSON.stringify(body, null, 2),
    expected: typeof expected === 'number' ? String(expected) : '',
    command: stringOf(command),
    args: Array.isArray(args) ? args.map((value) => newPair({ value: stringOf(value) })) : [],
    isShell: shell === true,
  };
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What is sent. */
export function runbookOf({ name, description, parameters, steps }: Draft): NewRunbook {
  return {
    name,
    ...(description !== '' && { description }),
    parameters: parameters.map(({ name: parameter, required, allowed, pattern, secret }) => {
      const values = linesOf(allowed);
      return {
        name: parameter,
        required,
        secret,
        ...(values.length > 0 && { enum: values }),
        ...(pattern !== '' && { pattern }),
      };
    }),
    steps: steps.map(stepOf),
  };
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function stepOf(step: StepDraft): NewStep {
  const { name, kind, risk, timeout, onFailure, labels } = step;
  return {
    name,
    kind,
    risk,
    config: CONFIGS[kind](step),
    on_failure: onFailure,
    ...(kind !== 'manual' && timeout !== '' && { timeout_seconds: Number(timeout) }),
    ...(kind === 'shell' && { agent_selector: recordOf(labels) }),
  };
}

const CONFIGS: Readonly<Record<StepKind, (step: StepDraft) => Record<string, unknown>>> = {
  manual: ({ instructions }) => (instructions === '' ? {} : { instructions }),
  shell: ({ command, args, isShell }) => ({
    command,
    args: args.map(({ value }) => value),
    shell: isShell,
  }),
  http: ({ method, url, headers, bodyKind, body, expected }) => ({
    method,
    url: url.trim(),
    headers: Object.fromEntries(headers.filter(({ name }) => name !== '').map(headerOf)),
    ...(bodyKind === 'text' && body !== '' && { body }),
    ...(bodyKind === 'json' && body.trim() !== '' && { body: JSON.parse(body) as unknown }),
    ...(expected !== '' && { expect_status: Number(expected) }),
  }),
};

function headerOf({ name, value, isKept }: PairDraft): readonly [string, string | null] {
  return [name, isKept === true && value === '' && isCredentialHeader(name) ? null : value];
}

function recordOf(pairs: readonly PairDraft[]): Record<string, string> {
  return Object.fromEntries(pairs.filter(({ name }) => name !== '').map(({ name, value }) => [name, value]));
}

export function isSame(one: Draft, other: Draft): boolean {
  return withoutKeys(one) === withoutKeys(other);
}

function withoutKeys(draft: Draft): string {
  return JSON.stringify(draft, (name, value: unknown) => (name === 'key' ? undefined : value));
}
