/** The address of a resource that changes with every apply. */
export const FENCE = 'terraform_data.atlas_fence';
export const FENCE_FILE = 'atlas_fence.tf';

/**
 * Added to every module. Terraform refuses a saved plan once the state's serial has risen,
 * but only an apply that changes something raises the serial. Without the fence, an apply
 * with nothing to change would not invalidate the plan of a worker that has lost its lease.
 */
export const FENCE_TEXT = `# Written by the Control Plane. This resource changes with every apply, so
# that older plans cannot be applied afterwards.
resource "terraform_data" "atlas_fence" {
  input = uuid()
}
`;
