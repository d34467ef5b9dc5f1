import { StepFailure } from '@atlas/jobs';
import { Secret } from '@atlas/platform';
import { type Infrastructure } from '../infrastructure-driver';

type Outputs = Readonly<Record<string, { readonly value: unknown } | undefined>>;

/** Reads the required outputs of a module from the lines of `terraform output -json`. */
export function readOutputs(lines: readonly string[]): Infrastructure {
  const outputs = JSON.parse(lines.join('\n')) as Outputs;
  return { endpointUrl: textOf(outputs, 'endpoint_url'), dbUrl: new Secret(textOf(outputs, 'db_url')) };
}

function textOf(outputs: Outputs, name: string): string {
  const value = outputs[name]?.value;
  if (typeof value === 'string' && value !== '') return value;
  const detail = `The output "${name}" of the Terraform module is missing or empty.`;
  const fix = 'Atlas on-call: fix the module, then retry the job.';
  throw new StepFailure('operator', 'terraform_outputs_missing', detail, fix);
}
