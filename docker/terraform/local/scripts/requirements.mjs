import { createRequire } from 'node:module';
import { join } from 'node:path';

/** An environment variable that Terraform must have set. */
export function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
}

/** Loads packages as the Tenant Plane does, because this script is a copy without a node_modules folder. */
export const requireAsPlane = createRequire(join(given('TENANT_PLANE_APP'), 'main.js'));

const terraformPid = process.ppid;

/** Call it before every effect. If Terraform was killed, its successor does the work. */
export function demandTerraform() {
  if (process.ppid !== terraformPid)
    throw new Error('The Terraform process that started this script has exited.');
}
