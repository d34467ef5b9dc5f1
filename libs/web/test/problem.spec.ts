import { saidOf } from '../src/api/problem';

const VERSION = 'must be * or one version in double quotes';

describe('what is wrong with a field', () => {
  it.each([
    ['names it as the form does', 'name', 'name must not be blank', 'Name must not be blank'],
    ['names a part of it', 'steps.0.name', 'name must not be blank', 'Name must not be blank'],
    [
      'names a list',
      'domains',
      'each value in domains must be a domain',
      'Each value of name must be a domain',
    ],
    ['names it if the plane does not', 'if-match', VERSION, `Name ${VERSION}`],
    ['leaves a sentence of its own as it is', '', 'send an object', 'send an object'],
  ])('%s', (_, field, message, said) => expect(saidOf({ field, message }, 'Name')).toBe(said));

  it.each([
    ['does not repeat the name', 'name', 'name must not be blank', 'This must not be blank'],
    ['speaks of each value of a list', 'domains', 'each value in domains must be x', 'Each value must be x'],
    ['begins with a subject', 'if-match', VERSION, `This ${VERSION}`],
  ])('%s beside its label', (_, field, message, said) => expect(saidOf({ field, message })).toBe(said));
});
