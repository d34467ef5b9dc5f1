import { DomainError, type FieldError, fieldErrors, validationFailed } from '@atlas/platform';
import {
  HttpConfigDto,
  ManualConfigDto,
  ShellConfigDto,
  type HttpMethod,
  type StepKind,
} from '@atlas/tenant-api/runbooks';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import {
  type Values,
  filledJson,
  filledText,
  isOnlyPlaceholder,
  placeholdersIn,
  placeholdersInKeys,
} from './placeholders';

interface ManualConfig {
  readonly instructions: string | null;
}
interface ShellConfig {
  readonly command: string;
  readonly args: readonly string[];
  readonly shell: boolean;
}
export interface HttpConfig {
  readonly method: HttpMethod;
  readonly url: string;
  /** Null: a credential, which is stored elsewhere. */
  readonly headers: Readonly<Record<string, string | null>>;
  readonly body: unknown;
  /** Null: any status from 200 to 299. */
  readonly expect_status: number | null;
}
interface NamedStep {
  readonly name: string;
  readonly kind: StepKind;
  readonly config: StepConfig;
}
export type StepConfig = ManualConfig | ShellConfig | HttpConfig;

const MAX_HEADERS = 50;
const MAX_BYTES = 32_768;
/**
 * For all steps of a run, with their parameters filled in. A placeholder is much shorter than a value may be.
 */
const MAX_FILLED_BYTES = 524_288;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const CREDENTIAL = /auth|cookie|token|secret|passw|credential|api-?key|(^|-)key$|signature|session|jwt/i;
const NO_CREDENTIAL = /idempotency-key$/i;
const MUST_BE_URL =
  'url must be an http or https URL without a user name, and no parameter may be part of its origin';

/** Checks the config of a step and adds defaults. `field` is where the config is in the request. */
export function checkedConfig(kind: StepKind, config: Record<string, unknown>, field: string): StepConfig {
  const bytes = Buffer.byteLength(JSON.stringify(config));
  if (bytes > MAX_BYTES)
    throw validationFailed([
      { field, message: `config has ${bytes} bytes; at most ${MAX_BYTES} are allowed` },
    ]);
  return CHECKS[kind](config, field);
}

type Check = (config: Record<string, unknown>, field: string) => StepConfig;

const CHECKS: Readonly<Record<StepKind, Check>> = {
  manual: (config, field) => {
    const { instructions = null } = valid(ManualConfigDto, config, field);
    return { instructions };
  },
  shell: (config, field) => {
    const { command, args = [], shell = false } = valid(ShellConfigDto, config, field);
    if (placeholdersIn(command).length > 0) throw placeholderInCommand(field, shell);
    return { command, args, shell };
  },
  http: (config, field) => {
    const {
      method,
      url,
      headers = {},
      body = null,
      expect_status = null,
    } = valid(HttpConfigDto, config, field);
    const faults = [...urlFaults(url, field), ...headerFaults(headers, field), ...bodyFaults(body, field)];
    if (faults.length > 0) throw validationFailed(faults);
    return { method, url, headers, body, expect_status };
  },
};

/** Whether headers with this name usually contain a credential. */
export function isCredentialHeader(name: string): boolean {
  return CREDENTIAL.test(name) && !NO_CREDENTIAL.test(name);
}

/** Fills in the parameters of a step whose config has been checked. */
export function filledConfig(kind: StepKind, config: StepConfig, values: Values): StepConfig {
  if (kind === 'shell') {
    const { command, args, shell } = config as ShellConfig;
    return { command, args: args.map((arg) => filledText(arg, values)), shell };
  }
  if (kind === 'http') {
    const { method, url, headers, body, expect_status } = config as HttpConfig;
    const filled = filledJson(headers, values) as HttpConfig['headers'];
    return {
      method,
      url: filledText(url, values, encodeURIComponent),
      headers: filled,
      body: filledJson(body, values),
      expect_status,
    };
  }
  return { instructions: filledText((config as ManualConfig).instructions ?? '', values) || null };
}

/**
 * Throws `invalid_parameters` if a value would change the path of a URL: the segments `.` and `..` are
 * removed before the URL is called, also if they are encoded.
 */
export function requireKeptPaths(steps: readonly NamedStep[], values: Values): void {
  for (const { name, kind, config } of steps) {
    if (kind !== 'http') continue;
    const [path = ''] = (config as HttpConfig).url.split(/[?#]/);
    const segments = path.split(/[/\\]/).filter((segment) => placeholdersIn(segment).length > 0);
    const filled = segments.map((segment) => filledText(segment, values, encodeURIComponent));
    if (!filled.some((segment) => /^\.{1,2}$/.test(segment.replace(/%2e/gi, '.')))) continue;
    const detail = `Nothing was started: a parameter would change the path of the URL of step "${name}".`;
    throw new DomainError('invalid_parameters', 'unprocessable', detail);
  }
}

/** Throws `invalid_parameters` if the steps would be too large with these values. */
export function requireModestSize(steps: readonly NamedStep[], values: Values): void {
  // Encoded for a URL, a value is longest.
  const sizes = new Map([...values].map(([name, value]) => [name, encodeURIComponent(value).length]));
  const bytes = steps
    .flatMap(({ config }) => placeholdersIn(config))
    .reduce((sum, name) => sum + (sizes.get(name) ?? 0), Buffer.byteLength(JSON.stringify(steps)));
  if (bytes <= MAX_FILLED_BYTES) return;
  const detail =
    `Nothing was started: with these values, the steps would have ${bytes} bytes; at most ` +
    `${MAX_FILLED_BYTES} are allowed. Use shorter values, or fewer placeholders in the runbook.`;
  throw new DomainError('invalid_parameters', 'unprocessable', detail);
}

function valid<T extends object>(type: new () => T, config: Record<string, unknown>, field: string): T {
  const instance = plainToInstance(type, config);
  const errors = validateSync(instance, { whitelist: true, forbidNonWhitelisted: true });
  if (errors.length > 0) throw validationFailed(errors.flatMap((error) => fieldErrors(error, field)));
  return instance;
}

function urlFaults(url: string, field: string): FieldError[] {
  const fault = [{ field: `${field}.url`, message: MUST_BE_URL }];
  if (!URL.canParse(url)) return fault;
  const { protocol, username, password, origin } = new URL(url);
  const isPlain = ['http:', 'https:'].includes(protocol) && username === '' && password === '';
  return isPlain && !/[{}]/.test(origin) ? [] : fault;
}

function headerFaults(headers: Record<string, unknown>, field: string): FieldError[] {
  const entries = Object.entries(headers);
  const isValid =
    entries.length <= MAX_HEADERS &&
    entries.every(
      ([name, value]) =>
        HEADER_NAME.test(name) &&
        ((value === null && isCredentialHeader(name)) ||
          (typeof value === 'string' && /^[\x20-\x7e]{0,2000}$/.test(value))),
    );
  const message = `headers must be at most ${MAX_HEADERS} names with printable ASCII values`;
  return isValid ? [] : [{ field: `${field}.headers`, message }];
}

/** A parameter inside a text could change what the text means, so it must be the whole text. */
function bodyFaults(body: unknown, field: string): FieldError[] {
  const isUnsafe =
    placeholdersInKeys(body).length > 0 ||
    (typeof body === 'string' && placeholdersIn(body).length > 0 && !isOnlyPlaceholder(body));
  const message =
    'a body that is text may contain a parameter only as the whole text, and no key may contain a ' +
    'parameter; send a JSON object with parameters in its strings instead';
  return isUnsafe ? [{ field: `${field}.body`, message }] : [];
}

function placeholderInCommand(field: string, isShell: boolean): DomainError {
  const instead = isShell ? 'Pass it in args, and refer to it as "$1" in the command.' : 'Pass it in args.';
  return new DomainError(
    'parameter_in_command',
    'unprocessable',
    `${field}.command must not contain a parameter, because its value could change what runs. ${instead}`,
  );
}
