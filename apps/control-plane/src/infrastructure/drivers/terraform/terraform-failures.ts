import { type FailureClass, StepFailure } from '../../../provisioning/step';

export type TerraformCommandName = 'init' | 'plan' | 'apply' | 'output';

interface KnownError {
  readonly pattern: RegExp;
  readonly failureClass: FailureClass;
  readonly code: string;
  readonly advice: string;
}

/** Errors that Terraform words the same whatever the module. The first that fits counts. */
const KNOWN_ERRORS: readonly KnownError[] = [
  {
    pattern: /Error acquiring the state lock/,
    failureClass: 'operator',
    code: 'terraform_state_locked',
    advice:
      'Somebody else works on the state of this tenant. When nobody does any more, run "terraform force-unlock <ID>" in the working directory; then retry the job.',
  },
  {
    // Another worker applied after this one had planned: this is what fences off one that was overtaken.
    pattern: /Saved plan is stale/,
    failureClass: 'retry',
    code: 'terraform_plan_stale',
    advice: 'It is planned again.',
  },
  {
    pattern: /Failed to (query available provider packages|install provider)|Could not retrieve the list/,
    failureClass: 'retry',
    code: 'terraform_provider_unavailable',
    advice:
      'Terraform must reach the registry of its providers, or be given a mirror of it (provider_installation in the file of TF_CLI_CONFIG_FILE).',
  },
];

const ADVICE: Readonly<Record<TerraformCommandName, string>> = {
  init: 'Mend the module or the backend, then retry the job.',
  plan: 'Mend the module, its variables or the credentials, then retry the job.',
  apply: 'Mend the cause, then retry the job, which goes on where this stopped, or roll it back.',
  output: 'Look whether the state can be read, then retry the job.',
};

/** What to make of a command that ended with an error. */
export function failureOf(command: TerraformCommandName, errors: string): StepFailure {
  const known = KNOWN_ERRORS.find(({ pattern }) => pattern.test(errors));
  const { failureClass, code, advice } = known ?? {
    ...{ failureClass: 'operator' as const, code: `terraform_${command}_failed`, advice: ADVICE[command] },
  };
  return new StepFailure(failureClass, code, `terraform ${command} failed: ${errors} ${advice}`);
}

export function terraformMissing(): StepFailure {
  const detail =
    'There is no terraform on the PATH of the Control Plane. Install it there, then retry the job.';
  return new StepFailure('operator', 'terraform_missing', detail);
}

export function terraformInterrupted(): StepFailure {
  const detail = 'The Control Plane is ending and has interrupted Terraform. The next one goes on.';
  return new StepFailure('retry', 'terraform_interrupted', detail);
}

export function terraformKilled(command: TerraformCommandName, signal: string | null): StepFailure {
  return new StepFailure('retry', 'terraform_killed', `terraform ${command} was ended by ${signal}.`);
}

export function terraformTimeout(command: TerraformCommandName, minutes: number): StepFailure {
  const detail = `terraform ${command} took more than ${minutes} minutes (TERRAFORM_TIMEOUT_MINUTES) and was ended. Look what it waits for, then retry the job.`;
  return new StepFailure('operator', 'terraform_timeout', detail);
}
