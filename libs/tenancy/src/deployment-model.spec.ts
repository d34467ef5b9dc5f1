import { DEPLOYMENT_MODELS, isDeploymentModel } from './deployment-model';

describe('deployment models', () => {
  it('are the four of the wire contract', () => {
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
  ])('%p is one: %p', (value, expected) => {
    expect(isDeploymentModel(value)).toBe(expected);
  });
});
