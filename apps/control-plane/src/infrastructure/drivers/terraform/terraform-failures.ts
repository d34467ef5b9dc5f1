import { type FailureClass, StepFailure } from '@atlas/jobs';

export type TerraformCommandName = 'init' | 'plan' | 'apply' | 'output';

interface KnownError {
  readonly pattern: RegExp;
  readonly failureClass: FailureClass;
  readonly code: string;
  readonly fix: string;
}

/** Errors whose wording is the same for every module. The first match wins. */
const KNOWN_ERRORS: readonly KnownError[] = [
  {
    // Terraform waits for the lock only if it can read who holds the lock. Just
    // after the lock is taken and just before it is released, this cannot be read.
    pattern: /Error acquiring the state lock(?!.*Lock Info)/s,
    failureClass: 'retry',
    code: 'terraform_state_locked',
    fix:
      'The job retries automatically. If it has failed, Atlas on-call: find out what holds the lock on ' +
      "this tenant's state, release that lock once it is no longer in use, then retry the job.",
  },
  {
    pattern: /Error acquiring the state lock/,
    failureClass: 'operator',
    code: 'terraform_state_locked',
    fix:
      "Atlas on-call: another process holds the lock on this tenant's state. Once that process has " +
      'exited, run "terraform force-unlock <ID>" in the working directory, then retry the job.',
  },
  {
    // Another worker has planned or applied since this plan was made.
    // This error is what stops a worker that has lost its lease.
    pattern:
      /Saved plan (is stale|does not match the given state)|Failed to load ".*\.tfplan" as a plan file/,
    failureClass: 'retry',
    code: 'terraform_plan_stale',
    fix: 'Nothing to do: the job creates a new plan.',
  },
  {
    pattern: /Failed to (query available provider packages|install provider)|Could not retrieve the list/,
    failureClass: 'retry',
    code: 'terraform_provider_unavailable',
    fix:
      'The job retries automatically. If it has failed, Atlas on-call: give Terraform access to its ' +
      'provider registry, or configure a mirror (provider_installation in the file named by ' +
      'TF_CLI_CONFIG_FILE), then retry the job.',
  },
];

const FIXES: Readonly<Record<TerraformCommandName, string>> = {
  init: 'Atlas on-call: fix the module or the backend, then retry the job.',
  plan: 'Atlas on-call: fix the module, its variables or the credentials, then retry the job.',
  apply: 'Atlas on-call: fix the cause, then retry the job, which resumes where it stopped, or roll it back.',
  output: 'Atlas on-call: check that the state can be read, then retry the job.',
};

/** Classifies the failure of a command. */
export function failureOf(command: TerraformCommandName, errors: string): StepFailure {
  const known = KNOWN_ERRORS.find(({ pattern }) => pattern.test(errors));
  const { failureClass, code, fix } = known ?? {
    failureClass: 'operator' as const,
    code: `terraform_${command}_failed`,
    fix: FIXES[command],
  };
  return new StepFailure(failureClass, code, `terraform ${command} failed: ${errors}`, fix);
}

export function terraformMissing(): StepFailure {
  const detail = 'terraform is not on the PATH of the Control Plane.';
  const fix = 'Atlas on-call: install Terraform on that PATH, then retry the job.';
  return new StepFailure('operator', 'terraform_missing', detail, fix);
}

export function terraformInterrupted(): StepFailure {
  const detail =
    'The Control Plane is shutting down, so it interrupted Terraform. The next process resumes the job.';
  return new StepFailure('retry', 'terraform_interrupted', detail);
}

export function terraformKilled(command: TerraformCommandName, signal: string | null): StepFailure {
  return new StepFailure('retry', 'terraform_killed', `terraform ${command} was killed by ${signal}.`);
}

export function terraformTimeout(command: TerraformCommandName, minutes: number): StepFailure {
  const detail =
    `terraform ${command} took more than ${minutes} minutes (TERRAFORM_TIMEOUT_MINUTES), so it was ` +
    'interrupted.';
  const fix =
    'Atlas on-call: check what Terraform was waiting for. Raise the limit if needed, then retry the job.';
  return new StepFailure('operator', 'terraform_timeout', detail, fix);
}
