import { bodyFields, jsonFields, queryFields } from './fields';

describe('the fields of a call', () => {
  it('are the paths of all members, and name neither values nor positions', () => {
    const report = { tenants: [{ id: 1 }, { id: 2, error: 'x' }], health: { checks: [{ name: 'disk' }] } };
    expect(jsonFields(report)).toEqual(['tenants[].id', 'tenants[].error', 'health.checks[].name']);
  });

  it('include members without a value, empty lists and empty objects', () => {
    expect(jsonFields({ a: null, b: [], c: {}, d: [[]] })).toEqual(['a', 'b', 'c', 'd[]']);
  });

  it('are the names of a form, and the media type of a body that has no members', () => {
    const form = bodyFields('code=1&code_verifier=2', 'application/x-www-form-urlencoded');
    expect(form).toEqual(['code', 'code_verifier']);
    expect(bodyFields('eyJ…', 'application/jose')).toEqual(['application/jose']);
    expect(bodyFields('{"a":1}', 'application/json')).toEqual(['a']);
    expect(bodyFields('', '')).toEqual([]);
  });

  it('include the parameters of the query', () => {
    expect(queryFields(new URL('https://cp.example.com/x?wait=5&since=1'))).toEqual(['?wait', '?since']);
  });
});
