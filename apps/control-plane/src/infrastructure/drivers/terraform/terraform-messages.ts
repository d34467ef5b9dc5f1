/**
 * The fields that we read from a line of Terraform's output
 * (developer.hashicorp.com/terraform/internals/machine-readable-ui).
 */
interface TerraformMessage {
  readonly type: string;
  readonly '@message': string;
  readonly change?: { readonly resource: { readonly addr: string }; readonly action: string };
  readonly diagnostic?: TerraformDiagnostic;
}

interface TerraformDiagnostic {
  readonly severity: 'error' | 'warning';
  readonly summary: string;
  readonly detail: string;
  /** The address of the resource, if the diagnostic concerns one. */
  readonly address?: string;
}

/** The types of messages to log. All other messages repeat these or contain the output of provisioners. */
const PROGRESS = ['apply_start', 'apply_progress', 'apply_complete', 'apply_errored', 'state_lock_acquire'];
const MAX_ERRORS = 3;
const MAX_LENGTH = 600;

/** Null if the line is not a JSON message. */
function parseMessage(line: string): TerraformMessage | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as TerraformMessage;
  } catch {
    return null;
  }
}

/** The progress that a line reports, for operators; null if it reports none. */
export function progressOf(line: string): string | null {
  const message = parseMessage(line);
  return message && PROGRESS.includes(message.type) ? message['@message'] : null;
}

/** Whether this line reports that Terraform is starting to change something. */
export function isChange(line: string): boolean {
  return parseMessage(line)?.type === 'apply_start';
}

/** The addresses of the resources that the plan would create or delete. */
export function planned(action: 'create' | 'delete', lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const { type, change } = parseMessage(line) ?? {};
    return type === 'planned_change' && change?.action === action ? [change.resource.addr] : [];
  });
}

/** Summarises the errors in the machine-readable output or, if it contains none, the plain-text errors. */
export function errorsIn(lines: readonly string[], plain: readonly string[]): string {
  const errors = lines.flatMap((line) => {
    const { diagnostic } = parseMessage(line) ?? {};
    return diagnostic?.severity === 'error' ? [sentence(diagnostic)] : [];
  });
  const all = errors.length > 0 ? errors.slice(0, MAX_ERRORS).join(' ') : plainError([...lines, ...plain]);
  return all.length > MAX_LENGTH ? `${all.slice(0, MAX_LENGTH)} ...` : all;
}

function sentence({ address, summary, detail }: TerraformDiagnostic): string {
  return [address && `${address}:`, summary, detail && `(${flat(detail)})`].filter(Boolean).join(' ');
}

/** Strips the frame that Terraform draws around its errors. */
function plainError(lines: readonly string[]): string {
  const text = flat(lines.join('\n').replaceAll(/[╷│╵]/g, ' '));
  const start = text.indexOf('Error: ');
  return start < 0 ? text : text.slice(start);
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
