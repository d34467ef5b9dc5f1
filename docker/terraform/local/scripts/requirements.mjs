import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A variable of the environment that Terraform must have given. */
export function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
}

/** Packages as the Tenant Plane sees them: this script is a copy that has no node_modules in reach. */
export const requireAsPlane = createRequire(join(given('TENANT_PLANE_APP'), 'main.js'));

const terraformPid = process.ppid;

/** To be called before an effect: the work of a terraform that was killed is done by its successor. */
export function demandTerraform() {
  if (process.ppid !== terraformPid) throw new Error('The terraform that started this has gone.');
}
