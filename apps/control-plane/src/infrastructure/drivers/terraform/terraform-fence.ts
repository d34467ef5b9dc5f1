/** The address of the resource that changes with every apply. */
export const FENCE = 'terraform_data.atlas_fence';
export const FENCE_FILE = 'atlas_fence.tf';

/**
 * Added to every module. Terraform refuses a saved plan once the state's serial
 * has risen, and only an apply that changes something raises it: without this,
 * one that finds nothing to do would leave the plan of an overtaken worker valid.
 */
export const FENCE_TEXT = `# Written by the Control Plane. It changes with every apply, so that no older plan can be applied afterwards.
resource "terraform_data" "atlas_fence" {
  input = uuid()
}
`;
