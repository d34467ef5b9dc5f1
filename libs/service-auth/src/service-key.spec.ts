import { mintCredential } from './credential';
import { keyIdOf } from './service-key';

describe(keyIdOf.name, () => {
  it('returns the public id of a service secret', () => {
    const { id, value } = mintCredential('ats');
    expect(keyIdOf(value)).toBe(id);
  });

  it('returns "platform" for any other value', () => {
    expect(keyIdOf('some long secret that an operator made up')).toBe('platform');
    expect(keyIdOf(mintCredential('atp').value)).toBe('platform');
  });
});
