import { DEPLOYMENT_MODELS } from './profiles';
import { resolveDeploymentModel } from './resolve-deployment-model';

describe('resolveDeploymentModel', () => {
  it.each(DEPLOYMENT_MODELS)('accepts %s from either variable, and from both if they agree', (model) => {
    expect(resolveDeploymentModel({ ATLAS_TP_DEPLOYMENT: model })).toEqual({ model });
    expect(resolveDeploymentModel({ TP_DEPLOYMENT_MODE: model })).toEqual({ model });
    expect(resolveDeploymentModel({ ATLAS_TP_DEPLOYMENT: model, TP_DEPLOYMENT_MODE: model })).toEqual({
      model,
    });
  });

  it.each([
    ['returns no model if neither variable is set', {}, undefined],
    [
      'returns no model if both variables are empty',
      { ATLAS_TP_DEPLOYMENT: '', TP_DEPLOYMENT_MODE: '  ' },
      undefined,
    ],
    [
      'reads the alias if only the alias has a value',
      { ATLAS_TP_DEPLOYMENT: ' ', TP_DEPLOYMENT_MODE: 'hybrid' },
      'hybrid',
    ],
    ['ignores an empty alias', { ATLAS_TP_DEPLOYMENT: 'on_prem', TP_DEPLOYMENT_MODE: '' }, 'on_prem'],
    ['ignores spaces around a value', { ATLAS_TP_DEPLOYMENT: ' shared\n' }, 'shared'],
  ] as const)('%s', (_, env, model) => {
    expect(resolveDeploymentModel(env)).toEqual({ model });
  });

  it.each([
    ['two different models', 'shared', 'hybrid'],
    ['a model and an unknown word', 'shared', 'onprem'],
  ])('rejects %s, naming both variables', (_, first, second) => {
    const { problem } = resolveDeploymentModel({ ATLAS_TP_DEPLOYMENT: first, TP_DEPLOYMENT_MODE: second });
    expect(problem).toBe('ATLAS_TP_DEPLOYMENT and TP_DEPLOYMENT_MODE differ; set only one of them');
  });

  it.each(['ATLAS_TP_DEPLOYMENT', 'TP_DEPLOYMENT_MODE'])(
    'rejects an unknown value of %s, listing the allowed values',
    (name) => {
      const { model, problem } = resolveDeploymentModel({ [name]: 'on-prem' });
      expect(model).toBeUndefined();
      expect(problem).toBe(`${name} must be one of ${DEPLOYMENT_MODELS.join(', ')}, or unset`);
    },
  );
});
