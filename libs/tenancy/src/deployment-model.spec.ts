import { DEPLOYMENT_MODELS, isDeploymentModel } from './deployment-model';

describe('deployment models', () => {
  it('are the four models in the wire contract', () => {
    expect(DEPLOYMENT_MODELS).toEqual(['shared', 'dedicated', 'on_prem', 'hybrid']);
  });

  it.each([
    ['shared', true],
    ['dedicated', true],
    ['on_prem', true],
    ['hybrid', true],
    ['on-prem', false],
    ['Shared', false],
    ['', false],
    [undefined, false],
    [0, false],
  ])('include %p: %p', (value, expected) => {
    expect(isDeploymentModel(value)).toBe(expected);
  });
});
